/** The list of messages up to the moment that is shown, the newest first. */

import { offer, place } from './controls.js';
import { byId, setText } from './dom.js';
import { countOf } from './format.js';
import { GROUPS, groupOf } from './kinds.js';
import { messageRow } from './message-row.js';
import { addressesOf, nameOf, strangersOf } from './names.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { RowActs } from './message-row.js' */
/** @import { Recording } from './recording.js' */
/** @import { State } from './state.js' */

const MAX_ROWS = 100;
/** When most of the first rows are new at once, nobody can read them so fast: the others are put off. */
const FIRST_ROWS = 30;
const MANY_NEW = 25;
const REST_MS = 1200;
const CLIENTS = 'client';

/**
 * @typedef {object} Moment
 * @property {number} index in the recording
 * @property {State} state
 * @property {string} followed the id of a transaction, or empty
 * @property {MessageEntry | undefined} current the message at which the page stands
 * @property {boolean} isStill whether the page is paused
 */

export class Messages {
  #list = byId('messages');
  #type = /** @type {HTMLSelectElement} */ (byId('filter-type'));
  #node = /** @type {HTMLSelectElement} */ (byId('filter-node'));
  #acts;
  /** @type {WeakMap<MessageEntry, HTMLElement>} */
  #rows = new WeakMap();
  #restUntil = 0;

  /**
   * @param {RowActs} acts
   * @param {() => void} onFilter
   */
  constructor(acts, onFilter) {
    this.#acts = acts;
    offer(this.#type, [
      { value: '', text: 'all' },
      ...GROUPS.map(({ group, title }) => ({ value: group, text: title })),
      ...GROUPS.flatMap(({ title, types }) =>
        types.map((type) => ({ value: type, text: type, within: title })),
      ),
    ]);
    for (const filter of [this.#type, this.#node]) {
      filter.addEventListener('change', () => {
        this.#restUntil = 0;
        onFilter();
      });
    }
  }

  /**
   * @param {Recording} recording
   * @param {Moment} moment
   * @returns {boolean} false if that is put off, or the older rows are, because much is new
   */
  show(recording, { index, state, followed, current, isStill }) {
    if (!isStill && performance.now() < this.#restUntil) return false;
    offer(this.#node, [
      { value: '', text: 'all' },
      { value: CLIENTS, text: 'clients' },
      ...[...addressesOf(state), ...strangersOf(state)].map((address) => ({
        value: address,
        text: nameOf(address),
      })),
    ]);
    /** @type {HTMLElement[]} */
    const rows = [];
    let isCut = false;
    for (const message of recording.messagesBefore(index)) {
      if (!this.#isWanted(message, followed)) continue;
      const row = this.#rowOf(message);
      if (message === current) row.ariaCurrent = 'true';
      else row.removeAttribute('aria-current');
      rows.push(row);
      isCut = rows.length === FIRST_ROWS && !isStill && areMostNew(rows);
      if (isCut || rows.length === MAX_ROWS) break;
    }
    this.#restUntil = isCut ? performance.now() + REST_MS : 0;
    place(this.#list, rows);
    this.#list.hidden = rows.length === 0;
    byId('no-messages').hidden = rows.length > 0;
    const isFiltered = this.#type.value !== '' || this.#node.value !== '' || followed !== '';
    setText(
      'no-messages',
      isFiltered
        ? 'No message so far is of this kind.'
        : 'Nothing has been said yet: choose a node, and add a transaction.',
    );
    this.#showLeftOut(recording, index);
    return !isCut;
  }

  /**
   * @param {MessageEntry} message
   * @param {string} followed
   */
  #isWanted({ type, from, to, ids }, followed) {
    const kind = this.#type.value;
    if (kind !== '' && kind !== type && kind !== groupOf(type)) return false;
    const node = this.#node.value === CLIENTS ? null : this.#node.value;
    if (node !== '' && from !== node && to !== node) return false;
    return followed === '' || ids.some((id) => String(id) === followed);
  }

  /** @param {MessageEntry} message */
  #rowOf(message) {
    const row = this.#rows.get(message) ?? messageRow(message, this.#acts);
    this.#rows.set(message, row);
    return row;
  }

  /**
   * Says how many frames are missing within what the list could show.
   *
   * @param {Recording} recording
   * @param {number} index
   */
  #showLeftOut(recording, index) {
    let frames = 0;
    for (const entry of recording.between(Math.max(recording.first, index - 2000), index)) {
      if (entry.kind === 'left-out') frames += entry.frames;
    }
    byId('left-out').hidden = frames === 0;
    setText('left-out', `${countOf(frames, 'frame')} were not shown: the nodes were too busy.`);
  }
}

/** @param {readonly HTMLElement[]} rows */
function areMostNew(rows) {
  return rows.filter((row) => row.parentNode === null).length > MANY_NEW;
}
