/** All nodes as buttons: for the keyboard, and for those who cannot see the drawing. */

import { button, place } from './controls.js';
import { byId, classed, element, setText } from './dom.js';
import { countOf } from './format.js';
import { linkViews, nodeViews } from './mesh-view.js';
import { isUp } from './state.js';

/** @import { State } from './state.js' */

export class NodeList {
  /** @type {Map<string, HTMLElement>} */
  #items = new Map();
  #onSelect;

  /** @param {(addresses: string[]) => void} onSelect */
  constructor(onSelect) {
    this.#onSelect = onSelect;
  }

  /**
   * @param {State} state
   * @param {readonly string[]} selected
   */
  show(state, selected) {
    const views = nodeViews(state);
    const items = views.map(({ address, state: how, name, folder }) => {
      const item = this.#itemOf(address, name);
      item.dataset.state = how;
      const [control, said] = [...item.querySelectorAll('button, .said')];
      control?.setAttribute(
        'aria-pressed',
        String(selected[0] === address && selected.length === 1),
      );
      const text = [folder === '' ? '' : ` ${folder}`, how === 'running' ? '' : `: ${how}`].join(
        '',
      );
      if (said && said.textContent !== text) said.textContent = text;
      return item;
    });
    place(byId('nodes'), items);
    const up = [...state.nodes.values()].filter(isUp).length;
    const links = linkViews(state).filter((link) => link.state !== 'cut').length;
    const cut = [...state.links.values()].filter((how) => how === 'cut').length;
    const away = state.nodes.size - up;
    const strangers = views.length - state.nodes.size;
    setText(
      'summary',
      `${countOf(up, 'node')} running, ${strangers > 0 ? `${countOf(strangers, 'stranger')}, ` : ''}` +
        `${countOf(links, 'link')} between them` +
        `${cut > 0 ? `, ${cut} cut` : ''}${away > 0 ? `; ${away} not running` : ''}.`,
    );
  }

  /**
   * @param {string} address
   * @param {string} name
   */
  #itemOf(address, name) {
    const there = this.#items.get(address);
    if (there) return there;
    const control = button('', () => this.#onSelect([address]));
    control.append(name, classed('span', 'said', ''));
    const item = element('li', control);
    item.dataset.of = address;
    this.#items.set(address, item);
    return item;
  }
}
