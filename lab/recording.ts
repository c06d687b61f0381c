/**
 * What happened in the last minutes, in the order of time, for pages that come later. It is bounded:
 * of what is too old only the state that it led to is kept.
 */

import type { Entry, MessageEntry, OtherEntry } from './entries.js';
import type { Message } from './pairs.js';

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

/** What is recorded: a message comes with its text, and is told without. */
export type Recorded = OtherEntry | Message;

export class Recording {
  /** In the order of time, as far as it has been told. */
  readonly #told: Entry[] = [];
  readonly #waiting: Entry[] = [];
  /** The latest of each kind and node, older than all that is told. */
  readonly #base = new Map<string, Entry>();
  /** Of messages, by their number. */
  readonly #texts = new Map<number, string>();
  #characters = 0;
  #messages = 0;
  #since = 0;

  /** @param recorded something of now, or of a moment ago */
  add(recorded: Recorded): void {
    this.#waiting.push(recorded.kind === 'message' ? this.#keepText(recorded) : recorded);
  }

  /** The beginning of a message; undefined if it is not recorded any more. */
  textOf(message: number): string | undefined {
    return this.#texts.get(message);
  }

  /** What happened up to then is told as the state that it led to, and no further. In ms since 1970. */
  get since(): number {
    return this.#since;
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
    this.#told.push(...ready);
    this.#forget(nowMs);
    return ready;
  }

  #forget(nowMs: number): void {
    const isTooMuch = (kept: number) => kept > KEPT_ENTRIES || this.#characters > KEPT_CHARACTERS;
    let end = 0;
    for (const entry of this.#told) {
      const isOld = entry.at < nowMs - KEPT_MS;
      if (!isOld && !isTooMuch(this.#told.length - end)) break;
      if (entry.kind === 'message') this.#forgetText(entry.number);
      else this.#keepState(entry);
      this.#since = entry.at;
      end += 1;
    }
    this.#told.splice(0, end);
  }

  #keepText({ text, ...content }: Message): MessageEntry {
    this.#messages += 1;
    this.#characters += text.length;
    this.#texts.set(this.#messages, text);
    return { ...content, number: this.#messages };
  }

  #forgetText(message: number): void {
    this.#characters -= this.#texts.get(message)?.length ?? 0;
    this.#texts.delete(message);
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

function byTime(a: Entry, b: Entry): number {
  return a.at - b.at;
}
