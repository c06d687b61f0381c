/** The records of a journal that are still to be written, in order. Pure. */

import { LEAD } from './record-table.js';

/** Several records in one text, with LEAD between them. */
export interface RecordText {
  readonly text: string;
  readonly count: number;
}

/** How many records are joined into one text. */
const TOGETHER = 64;
/** Size of one write in characters. A longer one would hold up the event loop. */
const WRITE_LENGTH = 1024 * 1024;

export class RecordQueue {
  /** The latest records. Each may be a slice of a frame, and then keeps all of it in memory. */
  #latest: string[] = [];
  /** The records before them. */
  #texts: RecordText[] = [];

  get isEmpty(): boolean {
    return this.#latest.length + this.#texts.length === 0;
  }

  add(json: string): void {
    this.#latest.push(json);
    if (this.#latest.length === TOGETHER) this.#joinLatest();
  }

  /** Takes the oldest records out of the queue, as many as go into one write. */
  take(): RecordText[] {
    this.#joinLatest();
    let length = 0;
    const end = this.#texts.findIndex(({ text }, index) => {
      length += text.length;
      return index > 0 && length > WRITE_LENGTH;
    });
    return this.#texts.splice(0, end < 0 ? this.#texts.length : end);
  }

  #joinLatest(): void {
    const { length: count } = this.#latest;
    if (count > 0) this.#texts.push({ text: this.#latest.join(LEAD.toString()), count });
    this.#latest = [];
  }
}
