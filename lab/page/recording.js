/** The recording, as far back as the page keeps it, and the state at each of its moments. */

/** @import { Entry, MessageEntry } from '../entries.js' */
/** @import { State } from './state.js' */

import { copyOf, fold, newState } from './state.js';

const MAX_ENTRIES = 20_000;
const MAX_MS = 5 * 60_000;
/** The oldest are forgotten so many at a time. */
const TRIMMED_AT_ONCE = 500;

/**
 * An entry is at an index, which stays the same when earlier ones are forgotten. The state at an
 * index is that before the entry there.
 */
export class Recording {
  /** @type {Entry[]} */
  #entries = [];
  #forgotten = 0;
  #since = 0;
  #base = newState();
  #state = newState();
  #stateAt = 0;

  /** The first index that is kept. */
  get first() {
    return this.#forgotten;
  }

  /** The index after the last one. */
  get end() {
    return this.#forgotten + this.#entries.length;
  }

  /** When the first kept entry happened. */
  get beginning() {
    return this.#entries[0]?.at;
  }

  /** @param {number} since what happened up to then is a state alone, and no moment to go back to */
  begin(since) {
    this.#since = since;
    this.#entries = [];
    this.#forgotten = 0;
    this.#base = newState();
    this.#state = newState();
    this.#stateAt = 0;
  }

  /**
   * @param {readonly Entry[]} entries
   * @returns whether the state before all moments has changed
   */
  add(entries) {
    const isBase = (/** @type {Entry} */ { at, kind }) => at <= this.#since && kind !== 'message';
    for (const entry of entries) {
      const last = this.#entries.at(-1);
      if (isBase(entry)) this.#foldIntoBase(entry);
      else if (last !== undefined && entry.at < last.at) this.#insert(entry);
      else this.#entries.push(entry);
    }
    this.#trim();
    return entries.some(isBase);
  }

  /** @param {number} index */
  at(index) {
    return this.#entries[index - this.#forgotten];
  }

  /**
   * @param {number} from
   * @param {number} until the index to stop before
   */
  between(from, until) {
    return this.#entries.slice(Math.max(0, from - this.#forgotten), until - this.#forgotten);
  }

  /**
   * How far the recording is at a moment: the index after all that happened until then.
   *
   * @param {number} time
   */
  indexAt(time) {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Entry} */ (this.#entries[middle]).at <= time) low = middle + 1;
      else high = middle;
    }
    return low + this.#forgotten;
  }

  /**
   * The nearest wanted message before an index, or at it and after.
   *
   * @param {number} index
   * @param {1 | -1} direction
   * @param {(message: MessageEntry) => boolean} isWanted
   * @returns {number | undefined} its index
   */
  nearestMessage(index, direction, isWanted) {
    let at = direction === 1 ? index : index - 1;
    for (; at >= this.first && at < this.end; at += direction) {
      const entry = this.at(at);
      if (entry?.kind === 'message' && isWanted(entry)) return at;
    }
    return undefined;
  }

  /**
   * The messages before an index, the newest first.
   *
   * @param {number} index
   * @returns {Generator<MessageEntry>}
   */
  *messagesBefore(index) {
    for (let at = index - 1; at >= this.first; at--) {
      const entry = this.at(at);
      if (entry?.kind === 'message') yield entry;
    }
  }

  /**
   * @param {number} index
   * @returns {State} not to be changed, and to be used at once
   */
  stateAt(index) {
    if (index < this.#stateAt) {
      this.#state = copyOf(this.#base);
      this.#stateAt = this.#forgotten;
    }
    for (const entry of this.between(this.#stateAt, index)) fold(this.#state, entry);
    this.#stateAt = Math.max(this.#stateAt, index);
    return this.#state;
  }

  /**
   * Puts an entry where it belongs in the order of time.
   *
   * @param {Entry} entry
   */
  #insert(entry) {
    const index = this.indexAt(entry.at);
    this.#entries.splice(index - this.#forgotten, 0, entry);
    if (index < this.#stateAt) this.#stateAt = Infinity;
  }

  /** @param {Entry} entry */
  #foldIntoBase(entry) {
    fold(this.#base, entry);
    this.#stateAt = Infinity;
  }

  #trim() {
    const last = this.#entries.at(-1);
    if (last === undefined) return;
    const tooMany = this.#entries.length - MAX_ENTRIES;
    const tooOld = this.indexAt(last.at - MAX_MS) - this.#forgotten;
    const count = Math.max(tooMany, tooOld);
    if (count < TRIMMED_AT_ONCE) return;
    for (const entry of this.#entries.splice(0, count)) fold(this.#base, entry);
    this.#forgotten += count;
    if (this.#stateAt < this.#forgotten) {
      this.#state = copyOf(this.#base);
      this.#stateAt = this.#forgotten;
    }
  }
}
