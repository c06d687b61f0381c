/** Small controls that several parts of the page make. */

import { element } from './dom.js';

/**
 * @param {string} label
 * @param {(button: HTMLButtonElement) => void} onClick
 * @param {string} [className]
 */
export function button(label, onClick, className = '') {
  const made = element('button', label);
  made.type = 'button';
  made.className = className;
  made.addEventListener('click', () => onClick(made));
  return made;
}

/**
 * @param {string} label
 * @param {string} value
 */
export function field(label, value) {
  const input = element('input');
  input.value = value;
  input.autocomplete = 'off';
  input.spellcheck = false;
  return { input, label: element('label', `${label} `, input) };
}

/**
 * Offers other choices where they have changed. What is chosen stays so, if it still can be.
 *
 * @param {HTMLSelectElement} select
 * @param {readonly { value: string, text: string, within?: string }[]} choices
 */
export function offer(select, choices) {
  const signature = JSON.stringify(choices);
  if (select.dataset.choices === signature) return;
  select.dataset.choices = signature;
  const { value } = select;
  /** @type {Map<string, HTMLOptGroupElement>} */
  const groups = new Map();
  select.replaceChildren();
  for (const choice of choices) {
    const option = element('option', choice.text);
    option.value = choice.value;
    if (choice.within === undefined) select.append(option);
    else {
      const group = groups.get(choice.within) ?? element('optgroup');
      group.label = choice.within;
      groups.set(choice.within, group);
      group.append(option);
      select.append(group);
    }
  }
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

/**
 * Puts the items of a list in place. Those that are there already are not moved, so that they keep
 * the focus.
 *
 * @param {HTMLElement} list
 * @param {readonly HTMLElement[]} items
 */
export function place(list, items) {
  const wanted = new Set(items);
  for (const item of [...list.children]) {
    if (!wanted.has(/** @type {HTMLElement} */ (item))) item.remove();
  }
  for (const [at, item] of items.entries()) {
    const there = list.children[at];
    if (there !== item) list.insertBefore(item, there ?? null);
  }
}

/**
 * @param {HTMLElement} shown
 * @param {string} text
 */
export function setIf(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}
