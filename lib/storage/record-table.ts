/** The layout of a journal's file, and the place of each record in it, by number. Pure. */

import type { Place } from './places.js';

/** OPENING begins the file, FIRST_LEAD and LEAD precede a record, CLOSING ends the file. */
export const OPENING = Buffer.from('[');
export const FIRST_LEAD = Buffer.from('\n');
export const LEAD = Buffer.from(',\n');
export const CLOSING = Buffer.from('\n]\n');

const GONE = 0;

export class RecordTable {
  readonly #offsets: number[] = [];
  /** Negative for a record that is to be removed, 0 for one that has been. */
  readonly #lengths: number[] = [];
  /** Places of records without a number, which only stay in the file. */
  #others: Place[] = [];
  #surplus = 0;

  /** How many numbers have been given. */
  get count(): number {
    return this.#offsets.length;
  }

  /** How many records are to be removed. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Adds a record. It gets the next number. */
  add({ offset, length }: Place): void {
    this.#offsets.push(offset);
    this.#lengths.push(length);
  }

  /** Adds a record without a number. */
  addOther({ offset, length }: Place): void {
    this.#others.push({ offset, length });
  }

  placeOf(number: number): Place {
    return { offset: this.#offsets[number] as number, length: this.lengthOf(number) };
  }

  lengthOf(number: number): number {
    return Math.abs(this.#lengths[number] as number);
  }

  /** Forgets all records but the first `count`. */
  truncate(count: number): void {
    this.#offsets.length = count;
    this.#lengths.length = count;
  }

  /** Notes that records are to be removed. */
  markSurplus(numbers: readonly number[]): void {
    for (const number of numbers) this.#lengths[number] = -this.lengthOf(number);
    this.#surplus += numbers.length;
  }

  /**
   * Removes the records that were to be removed.
   *
   * @param count of the first records: only these are looked at
   * @returns the places of those that stay; neighbours share one
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
   * Moves the records together, as they stand in a new file; those without a number come first.
   *
   * @param count how many of the first records are saved
   * @returns the offset just after the last record, and the lead of the first unsaved one
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
