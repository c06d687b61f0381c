/** The records of a journal that wait to be written, in order. Pure. */

import { LEAD } from './record-table.js';

/** Some records in a row, with what leads to each but the first. */
export interface RecordText {
  readonly text: string;
  readonly count: number;
}

/** So many records become one text. */
const TOGETHER = 64;
/** In characters. More in one go would keep the event loop, and a full disk, from other things. */
const WRITE_LENGTH = 1024 * 1024;

export class RecordQueue {
  /** The latest. Each may be a slice of a frame, all of which then stays in memory. */
  #latest: string[] = [];
  /** Those before them. */
  #texts: RecordText[] = [];

  get isEmpty(): boolean {
    return this.#latest.length + this.#texts.length === 0;
  }

  add(json: string): void {
    this.#latest.push(json);
    if (this.#latest.length === TOGETHER) this.#joinLatest();
  }

  /** Takes the oldest records away, as many as go into one write. */
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
