/** The transaction that is followed: its field, the panel that tells its way, and its block. */

import { button, place } from './controls.js';
import { byId, classed, element } from './dom.js';
import { isUp } from './state.js';
import { wayOf } from './way.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { Recording } from './recording.js' */
/** @import { State } from './state.js' */
/** @import { Way } from './way.js' */

const MAX_STEPS = 60;
const ASK_INTERVAL_MS = 2000;

export class Follow {
  #field = /** @type {HTMLInputElement} */ (byId('follow'));
  #panel = byId('way');
  #onChange;
  #onShow;
  #signature = '';
  #asked = '';
  #askedAt = 0;
  /** The height of the block that includes it, once a node says so. @type {number | undefined} */
  #height;

  /**
   * @param {() => void} onChange
   * @param {(message: MessageEntry) => void} onShow
   */
  constructor(onChange, onShow) {
    this.#onChange = onChange;
    this.#onShow = onShow;
    this.#field.addEventListener('input', () => this.follow(this.#field.value.trim()));
  }

  get id() {
    return this.#field.value.trim();
  }

  /** @param {string} id empty to follow none */
  follow(id) {
    if (this.#field.value.trim() !== id) this.#field.value = id;
    this.#height = undefined;
    this.#asked = '';
    this.#onChange();
  }

  /** @param {MessageEntry} message */
  isAbout({ ids }) {
    const { id } = this;
    return id === '' || ids.some((each) => String(each) === id);
  }

  /**
   * @param {Recording} recording
   * @param {number} index
   * @param {State} state
   * @param {number} time
   * @returns {Way | undefined}
   */
  show(recording, index, state, time) {
    const { id } = this;
    this.#panel.hidden = id === '';
    if (id === '') return undefined;
    this.#askForBlock(id, state);
    const way = wayOf(id, [...recording.messagesBefore(index)], state, time);
    const block = this.#blockIn(state);
    const signature = JSON.stringify([id, block, way.summary, way.steps.map(({ text }) => text)]);
    if (signature !== this.#signature) this.#draw(id, way, block);
    this.#signature = signature;
    return way;
  }

  /**
   * @param {string} id
   * @param {Way} way
   * @param {string} block
   */
  #draw(id, { steps, summary }, block) {
    const title = element('h3', 'The way of ', element('code', id));
    const end = button('Stop following', () => this.follow(''), 'small');
    const list = element('ol');
    const items = steps.slice(0, MAX_STEPS).map(({ ms, text, message }) => {
      const item = element(
        'li',
        classed('span', 'at', `${ms.toFixed(1)} ms`),
        classed('span', '', text),
      );
      item.append(button('Show', () => this.#onShow(message), 'small'));
      return item;
    });
    place(list, items);
    const none = 'No recorded message up to this moment names it.';
    const told = element('p', steps.length === 0 ? none : summary);
    if (block !== '') told.append(` ${block}`);
    const more = steps.length - items.length;
    const rest = element('p', more > 0 ? `… and ${more} more messages.` : '');
    this.#panel.replaceChildren(end, title, told, list, rest);
  }

  /** @param {State} state */
  #blockIn({ nodes }) {
    const height = this.#height;
    if (height === undefined) return '';
    const isThere = [...nodes.values()].some(
      (node) => isUp(node) && (node.tip?.height ?? 0) >= height,
    );
    return isThere ? `Block ${height} includes it.` : 'No block includes it yet.';
  }

  /**
   * Asks a node in which block it is: again when a tip has changed, but not too often.
   *
   * @param {string} id
   * @param {State} state
   */
  async #askForBlock(id, { nodes }) {
    const running = [...nodes.values()].filter(
      ({ state, name }) => state === 'running' && name !== '',
    );
    const [best] = running.sort((a, b) => (b.tip?.height ?? 0) - (a.tip?.height ?? 0));
    const question = `${id} ${best?.tip?.hash}`;
    const isTooSoon =
      performance.now() - this.#askedAt < ASK_INTERVAL_MS && this.#asked.startsWith(id);
    if (best === undefined || question === this.#asked || isTooSoon) return;
    this.#asked = question;
    this.#askedAt = performance.now();
    try {
      const path = `nodes/${encodeURIComponent(best.name)}/transactions/${encodeURIComponent(id)}`;
      const response = await fetch(path);
      if (!response.ok || id !== this.id) return;
      const { block } = await response.json();
      this.#height = typeof block === 'number' ? block : undefined;
      this.#onChange();
    } catch {
      // It is asked again with the next block.
    }
  }
}
