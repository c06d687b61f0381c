/**
 * What happened in the last minutes, in the order of time, for pages that come later. It is bounded:
 * of what is too old only the state that it led to is kept.
 */

import type { Entry } from './entries.js';

const KEPT_ENTRIES = 20_000;
const KEPT_MS = 5 * 60_000;
/** Texts of messages, in characters, most of which take a byte each. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;
/** Blocks that are kept however old they are: more than a page draws. */
const KEPT_BLOCKS = 500;
/**
 * An entry may come this late, for two nodes tell of one message; by then all is in order.
 */
const PATIENCE_MS = 400;

export class Recording {
  /** In the order of time, as far as it has been told. */
  readonly #told: Entry[] = [];
  readonly #waiting: Entry[] = [];
  /** The latest of each kind and node, older than all that is told. */
  readonly #base = new Map<string, Entry>();
  #characters = 0;

  /** @param entry of now, or of a moment ago */
  add(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** Everything, the oldest first. */
  get entries(): Entry[] {
    return [...[...this.#base.values()].sort(byTime), ...this.#told];
  }

  /**
   * Returns what is old enough to be in order, once.
   *
   * @param nowMs since 1970
   */
  next(nowMs: number): Entry[] {
    this.#waiting.sort(byTime);
    const end = this.#waiting.findIndex(({ at }) => at > nowMs - PATIENCE_MS);
    const ready = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
    for (const entry of ready) {
      this.#told.push(entry);
      this.#characters += charactersOf(entry);
    }
    this.#forget(nowMs);
    return ready;
  }

  #forget(nowMs: number): void {
    const isTooMuch = (kept: number) => kept > KEPT_ENTRIES || this.#characters > KEPT_CHARACTERS;
    let end = 0;
    for (const entry of this.#told) {
      const isOld = entry.at < nowMs - KEPT_MS;
      if (!isOld && !isTooMuch(this.#told.length - end)) break;
      this.#characters -= charactersOf(entry);
      this.#keepState(entry);
      end += 1;
    }
    this.#told.splice(0, end);
  }

  #keepState(entry: Entry): void {
    const key = stateKeyOf(entry);
    if (key === undefined) return;
    // So that the latest ones are last.
    this.#base.delete(key);
    this.#base.set(key, entry);
    if (entry.kind !== 'block') return;
    const blocks = [...this.#base.keys()].filter((each) => each.startsWith('block '));
    if (blocks.length > KEPT_BLOCKS) this.#base.delete(blocks[0] as string);
  }
}

/** What an entry replaces the former one of; undefined if it is past when it is over. */
function stateKeyOf(entry: Entry): string | undefined {
  switch (entry.kind) {
    case 'node':
    case 'peers':
    case 'pool':
    case 'tip':
      return `${entry.kind} ${entry.address}`;
    case 'block':
      return `block ${entry.hash}`;
    case 'link':
      return `link ${[...entry.between].sort().join(' ')}`;
    case 'lesson':
      return 'lesson';
    default:
      return undefined;
  }
}

function charactersOf(entry: Entry): number {
  return entry.kind === 'message' ? entry.text.length : 0;
}

function byTime(a: Entry, b: Entry): number {
  return a.at - b.at;
}
