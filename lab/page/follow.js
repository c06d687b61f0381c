/** The transaction that is followed: its field, the panel that tells its way, and its block. */

import { button, place, setIf } from './controls.js';
import { byId, classed, element } from './dom.js';
import { isUp } from './state.js';
import { wayOf } from './way.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { Recording } from './recording.js' */
/** @import { State } from './state.js' */
/** @import { Way } from './way.js' */

/** @typedef {{ item: HTMLElement, at: HTMLElement, said: HTMLElement }} Step */

const MAX_STEPS = 60;
const ASK_INTERVAL_MS = 2000;

export class Follow {
  #field = /** @type {HTMLInputElement} */ (byId('follow'));
  #panel = byId('way');
  #title = element('code');
  #told = element('p');
  #list = element('ol');
  #rest = element('p');
  /** Those that are there stay, so that they keep the focus. @type {Map<MessageEntry, Step>} */
  #steps = new Map();
  #onChange;
  #onShow;
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
    const end = button('Stop following', () => this.follow(''), 'small');
    const heading = element('h3', 'The way of ', this.#title);
    this.#panel.append(end, heading, this.#told, this.#list, this.#rest);
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
    setIf(this.#title, id);
    const none = 'No recorded message up to this moment names it.';
    const summary = way.steps.length === 0 ? none : way.summary;
    setIf(this.#told, `${summary} ${this.#blockIn(state)}`.trim());
    this.#showSteps(way.steps.slice(0, MAX_STEPS));
    const more = way.steps.length - MAX_STEPS;
    setIf(this.#rest, more > 0 ? `… and ${more} more messages.` : '');
    return way;
  }

  /** @param {Way['steps']} steps */
  #showSteps(steps) {
    const old = this.#steps;
    this.#steps = new Map();
    for (const { ms, text, message } of steps) {
      const step = old.get(message) ?? this.#newStep(message);
      setIf(step.at, `${ms.toFixed(1)} ms`);
      setIf(step.said, text);
      this.#steps.set(message, step);
    }
    place(
      this.#list,
      [...this.#steps.values()].map(({ item }) => item),
    );
  }

  /** @param {MessageEntry} message */
  #newStep(message) {
    const [at, said] = [classed('span', 'at', ''), element('span')];
    const show = button('Show', () => this.#onShow(message), 'small');
    return { item: element('li', at, said, show), at, said };
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
