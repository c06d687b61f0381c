/** The layout of a journal's file, and the place of each record in it, by number. Pure. */

import type { Place } from './places.js';

/** OPENING begins the file, FIRST_LEAD and LEAD precede a record, CLOSING ends the file. */
export const OPENING = Buffer.from('[');
export const FIRST_LEAD = Buffer.from('\n');
export const LEAD = Buffer.from(',\n');
export const CLOSING = Buffer.from('\n]\n');

const GONE = 0;
/** How many records a part of the table has: it never stops to grow, as one array would. */
const PART = 4096;

interface Part {
  readonly offsets: Float64Array;
  /** Negative for a record that is to be removed, 0 for one that has been. */
  readonly lengths: Int32Array;
}

export class RecordTable {
  readonly #parts: Part[] = [];
  #count = 0;
  /** Places of records without a number, which only stay in the file. */
  #others: Place[] = [];
  #surplus = 0;

  /** How many numbers have been given. */
  get count(): number {
    return this.#count;
  }

  /** How many records are to be removed. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Adds a record. It gets the next number. */
  add({ offset, length }: Place): void {
    const number = this.#count;
    if (number === PART * this.#parts.length) {
      this.#parts.push({ offsets: new Float64Array(PART), lengths: new Int32Array(PART) });
    }
    this.#count += 1;
    this.#setOffset(number, offset);
    this.#setLength(number, length);
  }

  /** Adds a record without a number. */
  addOther({ offset, length }: Place): void {
    this.#others.push({ offset, length });
  }

  placeOf(number: number): Place {
    const offset = this.#partOf(number).offsets[number % PART] as number;
    return { offset, length: this.lengthOf(number) };
  }

  lengthOf(number: number): number {
    return Math.abs(this.#signedLengthOf(number));
  }

  /** Forgets all records but the first `count`. */
  truncate(count: number): void {
    this.#count = count;
    this.#parts.length = Math.ceil(count / PART);
  }

  /** Notes that records are to be removed. */
  markSurplus(numbers: readonly number[]): void {
    for (const number of numbers) this.#setLength(number, -this.lengthOf(number));
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
      const length = this.#signedLengthOf(number);
      if (length > 0) keep(this.placeOf(number).offset, length);
      else if (length < 0) {
        this.#setLength(number, GONE);
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
        if (length > 0) this.#setOffset(number, move(length));
      }
    };
    this.#others = this.#others.map(({ length }) => ({ offset: move(length), length }));
    moveFrom(0, count);
    const firstLead = lead;
    moveFrom(count, this.count);
    return { end, lead: firstLead };
  }

  #partOf(number: number): Part {
    return this.#parts[Math.floor(number / PART)] as Part;
  }

  #signedLengthOf(number: number): number {
    return this.#partOf(number).lengths[number % PART] as number;
  }

  #setOffset(number: number, offset: number): void {
    this.#partOf(number).offsets[number % PART] = offset;
  }

  #setLength(number: number, length: number): void {
    this.#partOf(number).lengths[number % PART] = length;
  }
}
