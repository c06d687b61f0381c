/** Shows the panel of what is selected: a node, or the link between two. */

import { byId, classed } from './dom.js';
import { LinkPanel } from './link-panel.js';
import { NodePanel } from './node-panel.js';

/** @import { State } from './state.js' */

export class Selected {
  #panel = byId('selected');
  #node = new NodePanel();
  #link = new LinkPanel();
  #hint = classed('p', 'hint', 'Choose a node or a link to see more of it.');

  /**
   * @param {State} state
   * @param {readonly string[]} selected
   */
  show(state, selected) {
    const [address] = selected;
    if (selected.length === 2) this.#link.show(state, selected);
    else if (address !== undefined) this.#node.show(state, address);
    const body = [this.#hint, this.#node.body, this.#link.body][selected.length] ?? this.#hint;
    if (this.#panel.firstChild !== body) this.#panel.replaceChildren(body);
  }
}
