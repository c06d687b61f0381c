/** Elements of the page: found, made, and changed only where they differ. */

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * @param {string} id
 * @param {string} text
 */
export function setText(id, text) {
  const shown = byId(id);
  if (shown.textContent !== text) shown.textContent = text;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {...(Node | string)} children strings become text
 */
export function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {string} className
 * @param {string} text
 */
export function classed(name, className, text) {
  const made = element(name, text);
  made.className = className;
  return made;
}

/**
 * Replaces the items of a list. An item that has not changed stays in place, so that it keeps the
 * focus and the selection; the focus also moves to an item's successor with the same address.
 *
 * @template {HTMLElement} T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @returns those of `items` that are new in the list
 */
export function replaceItems(list, items) {
  const focused = document.activeElement?.closest('li')?.dataset.address;
  const shown = new Map([...list.children].map((item) => [item.outerHTML, item]));
  const placed = items.map((item) => {
    const same = shown.get(item.outerHTML) ?? item;
    shown.delete(item.outerHTML);
    return same;
  });
  for (const item of [...list.children]) if (!placed.includes(item)) item.remove();
  placed.forEach((item, place) => {
    const there = list.children[place];
    if (there !== item) list.insertBefore(item, there ?? null);
  });
  const successor = items.find(
    ({ dataset }) => focused !== undefined && dataset.address === focused,
  );
  if (successor && list.contains(successor)) {
    successor.querySelector('a')?.focus({ preventScroll: true });
  }
  return items.filter((item) => placed.includes(item));
}
