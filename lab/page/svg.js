/** Elements of a drawing: made once for each key, and changed only where they differ. */

const NAMESPACE = 'http://www.w3.org/2000/svg';

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} name
 * @param {Record<string, string | number>} [attributes]
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(name, attributes = {}) {
  const made = document.createElementNS(NAMESPACE, name);
  setAll(made, attributes);
  return made;
}

/**
 * @param {Element} element
 * @param {Record<string, string | number>} attributes
 */
export function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === 'number' ? String(Math.round(10 * value) / 10) : value;
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function setContent(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The elements in one parent, each known by a key. */
export class Keyed {
  /** @type {Map<string, SVGElement>} */
  #elements = new Map();
  #parent;

  /** @param {Element} parent */
  constructor(parent) {
    this.#parent = parent;
  }

  /**
   * @template T
   * @param {readonly T[]} items
   * @param {(item: T) => string} keyOf
   * @param {(item: T) => SVGElement} make
   * @param {(element: SVGElement, item: T, place: number) => void} update
   */
  show(items, keyOf, make, update) {
    const old = this.#elements;
    this.#elements = new Map();
    for (const [place, item] of items.entries()) {
      const key = keyOf(item);
      const element = old.get(key) ?? make(item);
      old.delete(key);
      this.#elements.set(key, element);
      if (element.parentNode === null) this.#parent.append(element);
      update(element, item, place);
    }
    for (const element of old.values()) element.remove();
  }

  /** @param {string} key */
  get(key) {
    return this.#elements.get(key);
  }
}
