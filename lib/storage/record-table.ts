/** How the file of a journal is laid out, and where its records are: by number, from 0. Pure. */

import type { Place } from './places.js';

/** What stands before the first record, before its line and before each other line, and at the end. */
export const OPENING = Buffer.from('[');
export const FIRST_LEAD = Buffer.from('\n');
export const LEAD = Buffer.from(',\n');
export const CLOSING = Buffer.from('\n]\n');

const GONE = 0;

export class RecordTable {
  readonly #offsets: number[] = [];
  /** Negative where a record is to be taken away, and 0 where it is gone. */
  readonly #lengths: number[] = [];
  /** Of records without a number, that are only kept. */
  #others: Place[] = [];
  #surplus = 0;

  /** How many numbers there are. */
  get count(): number {
    return this.#offsets.length;
  }

  /** How many records are to be taken away. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Adds a record, with the next number. */
  add({ offset, length }: Place): void {
    this.#offsets.push(offset);
    this.#lengths.push(length);
  }

  /** Adds one that has no number. */
  addOther({ offset, length }: Place): void {
    this.#others.push({ offset, length });
  }

  placeOf(number: number): Place {
    return { offset: this.#offsets[number] as number, length: this.lengthOf(number) };
  }

  lengthOf(number: number): number {
    return Math.abs(this.#lengths[number] as number);
  }

  /** Forgets all but the first. */
  truncate(count: number): void {
    this.#offsets.length = count;
    this.#lengths.length = count;
  }

  /** Notes that records are to be taken away. */
  markSurplus(numbers: readonly number[]): void {
    for (const number of numbers) this.#lengths[number] = -this.lengthOf(number);
    this.#surplus += numbers.length;
  }

  /**
   * Takes records away that were to be, and tells where the others are.
   *
   * @param count among how many of the first
   * @returns the places of what is kept of these; of neighbours in one
   */
  dropSurplus(count: number): Place[] {
    const runs: { offset: number; length: number }[] = [];
    const keep = (offset: number, length: number) => {
      const last = runs.at(-1);
      if (last !== undefined && offset === last.offset + last.length + LEAD.length) {
        last.length = offset + length - last.offset;
      } else {
        runs.push({ offset, length });
      }
    };
    for (const { offset, length } of this.#others) keep(offset, length);
    for (let number = 0; number < count; number++) {
      const length = this.#lengths[number] as number;
      if (length > 0) keep(this.#offsets[number] as number, length);
      else if (length < 0) {
        this.#lengths[number] = GONE;
        this.#surplus -= 1;
      }
    }
    return runs;
  }

  /**
   * Moves all records to where they are in a file of their own, those without a number first.
   *
   * @param count how many of them are saved, the first ones
   * @returns the end of the last one of all; and what leads to the first that is not saved
   */
  moveTogether(count: number): { end: number; lead: Buffer } {
    let end = OPENING.length;
    let lead = FIRST_LEAD;
    const move = (length: number) => {
      const offset = end + lead.length;
      end = offset + length;
      lead = LEAD;
      return offset;
    };
    const moveFrom = (first: number, last: number) => {
      for (let number = first; number < last; number++) {
        const length = this.lengthOf(number);
        if (length > 0) this.#offsets[number] = move(length);
      }
    };
    this.#others = this.#others.map(({ length }) => ({ offset: move(length), length }));
    moveFrom(0, count);
    const firstLead = lead;
    moveFrom(count, this.count);
    return { end, lead: firstLead };
  }
}
