/** The panel of the pair of nodes whose link is selected: what passes, and how to change that. */

import { button, setIf } from './controls.js';
import { classed, element } from './dom.js';
import { nameOf } from './names.js';
import { pairKey } from './state.js';
import { act } from './touch.js';

/** @import { LinkAct } from '../entries.js' */
/** @import { State } from './state.js' */

/** @type {readonly { to: LinkAct, label: string }[]} */
const LINK_ACTS = [
  { to: 'cut', label: 'Cut' },
  { to: 'lose', label: 'Lose every third message' },
  { to: 'join', label: 'Join' },
];

export class LinkPanel {
  /** Their names. @type {[string, string]} */
  #pair = ['', ''];
  #title = element('h3');
  #about = classed('p', 'hint', '');
  #touch = element('p', ...linkButtons(() => this.#pair));
  body = element('div');

  constructor() {
    this.#touch.className = 'controls touch';
    this.body.append(this.#title, this.#about, this.#touch);
  }

  /**
   * @param {State} state
   * @param {readonly string[]} pair
   */
  show(state, [a = '', b = '']) {
    const [one, other] = [state.nodes.get(a), state.nodes.get(b)];
    this.#pair = [one?.name ?? '', other?.name ?? ''];
    this.#touch.hidden = one === undefined || other === undefined;
    setIf(this.#title, `Between ${nameOf(a)} and ${nameOf(b)}`);
    const how = state.links.get(pairKey(a, b));
    setIf(
      this.#about,
      how === 'cut'
        ? 'Cut: nothing passes.'
        : how === 'lossy'
          ? 'Lossy: every third message is lost.'
          : 'Joined: every message arrives.',
    );
  }
}

/** @param {() => [string, string]} pairOf gives the names of the two */
export function linkButtons(pairOf) {
  return LINK_ACTS.map(({ to, label }) =>
    button(label, (self) => act({ do: to, between: pairOf() }, self), 'link-act'),
  );
}
