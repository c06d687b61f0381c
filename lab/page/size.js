/**
 * How large an element is, in whole pixels, as the browser tells it: to ask would make the browser lay
 * out the page at once.
 */

export class Size {
  width = 0;
  height = 0;

  /**
   * @param {Element} element
   * @param {() => void} onChange is also called when the size is first known
   */
  constructor(element, onChange) {
    new ResizeObserver((entries) => {
      for (const { contentRect } of entries) {
        this.width = Math.round(contentRect.width);
        this.height = Math.round(contentRect.height);
      }
      onChange();
    }).observe(element);
  }
}
