/**
 * A JSON array in a file that is appended to, a record a line, and is whole between two writes:
 *
 *   [
 *   {"id":1},
 *   {"id":2}
 *   ]
 *
 * An append is one write over the closing bracket that ends in a new one. Whoever is killed in
 * the middle of it leaves a torn last line, which the next start takes away. Records have numbers,
 * from 0, in the order in which they came. They can be taken away: the last ones by cutting the file
 * off, any others by replacing it.
 */

import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Element, Ending } from './array-file.js';
import { LIMITS } from './config.js';
import { reason, shortName } from './files.js';
import {
  CLOSING,
  FIRST_LEAD,
  LEAD,
  OPENING,
  openJournalFile,
  type Place,
  readPlaces,
  writeAll,
  writeAnew,
} from './journal-file.js';
import type { Log } from './log.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** A larger write would keep the event loop, and a disk that is nearly full, from other things. */
const WRITE_BYTES = 4 * 1024 * 1024;
/** After the file was replaced, nothing is taken away for so many times as long as that took. */
const REPLACE_REST = 10;

/** Where the records of a file are: of each by its number, and of those that have none. */
interface Places {
  readonly offsets: number[];
  readonly lengths: number[];
  readonly others: Place[];
}

/**
 * Opens a journal, and makes its file if there is none; mends it, or ends the process, as
 * `openJournalFile` does.
 *
 * @param onRecord is called with each record in the file, the oldest first; returns false for one
 * that gets no number, and is only kept in the file
 * @param log hears of a disk that refuses to take the journal later on
 */
export async function openJournal(
  file: string,
  onRecord: (record: Element) => boolean,
  log: Log,
): Promise<Journal> {
  const places: Places = { offsets: [], lengths: [], others: [] };
  const take = (record: Element) => {
    const { offset, length } = record;
    if (!onRecord(record)) {
      places.others.push({ offset, length });
      return;
    }
    places.offsets.push(offset);
    places.lengths.push(length);
  };
  const { handle, ending } = await openJournalFile(file, take, log);
  return new Journal(file, handle, ending, places, log);
}

export class Journal {
  readonly #file: string;
  readonly #log: Log;
  #handle: FileHandle;
  /** Reads under way, for which a file that is replaced stays open. */
  readonly #reads = new Set<Promise<unknown>>();
  /** A length is negative where the record is to be taken away, and 0 where it is gone. */
  readonly #places: Places;
  /** How many records are on disk: so many of the first. */
  #savedCount: number;
  /** How many are to be taken away. */
  #surplus = 0;
  #isReplacing = false;
  /** The end of the last record on disk, and of the last one of all. */
  #savedEnd: number;
  #end: number;
  #isEmpty: boolean;
  /** Whether something else than our closing may stand behind the records on disk. */
  #isForeign = true;
  #isFailing = false;
  /** The records to append, with what leads to each before it. */
  #unsaved: Buffer[] = [];
  /** One for all who wait for the same write, so that they go on in the order they came in. */
  #saved = Promise.resolve();
  /** Whether a write is asked for that has not begun. */
  #isQueued = false;

  constructor(file: string, handle: FileHandle, ending: Ending, places: Places, log: Log) {
    this.#file = file;
    this.#handle = handle;
    this.#log = log;
    this.#places = places;
    this.#savedCount = places.offsets.length;
    this.#isEmpty = ending.count === 0;
    this.#savedEnd = Math.max(ending.end, OPENING.length);
    this.#end = this.#savedEnd;
  }

  /** How many records there have been, of which some may have been taken away. */
  get count(): number {
    return this.#places.offsets.length;
  }

  /** How many of them are on disk: so many of the first. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** How long the file is, or will be once all is on disk. */
  get bytes(): number {
    return this.#end + CLOSING.length;
  }

  /** How much of that is not on disk yet. */
  get unsavedBytes(): number {
    return this.#end - this.#savedEnd;
  }

  /** Whether the disk has refused the last write. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** How long a record is, in bytes. */
  lengthOf(number: number): number {
    return Math.abs(this.#places.lengths[number] as number);
  }

  /**
   * Adds a record, with the next number.
   *
   * @param json its text, without line breaks
   */
  append(json: Buffer): void {
    const lead = this.#isEmpty ? FIRST_LEAD : LEAD;
    this.#isEmpty = false;
    this.#unsaved.push(lead, json);
    this.#places.offsets.push(this.#end + lead.length);
    this.#places.lengths.push(json.length);
    this.#end += lead.length + json.length;
  }

  /**
   * Resolves when all that has been added is on disk. One write at a time; what is added during
   * it goes out with the next one. A disk that refuses is logged once, and asked
   * again until it takes the records.
   */
  saved(): Promise<void> {
    if (this.#unsaved.length > 0 && !this.#isQueued) {
      this.#isQueued = true;
      this.#saved = this.#saved.then(() => {
        this.#isQueued = false;
        return this.#save();
      });
    }
    return this.#saved;
  }

  /**
   * Reads records that are on disk; neighbours, in the order of the file, in one go.
   *
   * @throws Error when they cannot be read
   */
  async read(numbers: readonly number[]): Promise<Buffer[]> {
    const { offsets } = this.#places;
    const places = numbers.map((number) => ({
      offset: offsets[number] as number,
      length: this.lengthOf(number),
    }));
    const reading = readPlaces(this.#handle, places, this.#file);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Has records leave the file: soon, and all in one step. Their numbers are not used again. */
  remove(numbers: readonly number[]): void {
    for (const number of numbers) this.#places.lengths[number] = -this.lengthOf(number);
    this.#surplus += numbers.length;
    this.#replaceWhileNeeded();
  }

  /**
   * Cuts off the last records. Whenever that is broken off, the others are whole.
   *
   * @param count how many are left, one at least; nothing may be added or read until it is done
   */
  async truncate(count: number): Promise<void> {
    await this.saved();
    await Promise.allSettled(this.#reads);
    const { offsets, lengths } = this.#places;
    offsets.length = count;
    lengths.length = count;
    this.#savedCount = count;
    this.#savedEnd = (offsets[count - 1] as number) + this.lengthOf(count - 1);
    this.#end = this.#savedEnd;
    this.#saved = this.#saved.then(() => this.#insist(() => this.#close()));
    await this.#saved;
  }

  /** Saves what there is now; what is added meanwhile is the next one's. */
  async #save(): Promise<void> {
    for (const end = this.#end; this.#savedEnd < end; ) {
      const pieces = this.#takeUnsaved();
      const records = Buffer.concat(pieces);
      await this.#insist(() => this.#append(records));
      this.#savedEnd += records.length;
      this.#savedCount += pieces.length / 2;
    }
  }

  /** Has the disk do something; one that refuses is asked again until it does. */
  async #insist(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await write();
        if (this.#isFailing) this.#log('saved again', shortName(this.#file));
        this.#isFailing = false;
        return;
      } catch (error) {
        const what = `${shortName(this.#file)} (${reason(error)}), trying again`;
        if (!this.#isFailing) this.#log('not saved', what);
        this.#isFailing = true;
        await this.#close().catch(() => {});
        await sleep(LIMITS.saveRetryMs);
      }
    }
  }

  /** Takes the oldest records, with what leads to each, as many as go into one write. */
  #takeUnsaved(): Buffer[] {
    let bytes = 0;
    const end = this.#unsaved.findIndex((piece, index) => {
      bytes += piece.length;
      return index % 2 === 0 && index > 0 && bytes > WRITE_BYTES;
    });
    return this.#unsaved.splice(0, end < 0 ? this.#unsaved.length : end);
  }

  async #append(records: Buffer): Promise<void> {
    const rest = this.#isForeign ? await this.#foreignRest() : 0;
    const spaces = Buffer.alloc(Math.max(0, rest - records.length - CLOSING.length), ' ');
    await writeAll(this.#handle, Buffer.concat([records, CLOSING, spaces]), this.#savedEnd);
    await this.#handle.datasync();
    this.#isForeign = false;
  }

  /**
   * How many bytes are behind the last record of a file that we have not written: spaces are
   * written over what an append leaves of them, and over a byte order mark, which is no JSON.
   */
  async #foreignRest(): Promise<number> {
    const { buffer: head } = await this.#handle.read(Buffer.alloc(3), 0, 3, 0);
    if (head.equals(BYTE_ORDER_MARK)) await writeAll(this.#handle, Buffer.from('   '), 0);
    return (await this.#handle.stat()).size - this.#savedEnd;
  }

  /**
   * Takes away what is behind the last record that counts, such as what a refused write has left.
   * In this order: a bracket too many would make the file a broken one, and one too few does not. It
   * fits in where there was a byte, however full the disk.
   */
  async #close(): Promise<void> {
    this.#isForeign = true;
    await this.#handle.truncate(this.#savedEnd + 1);
    await writeAll(this.#handle, Buffer.from(']'), this.#savedEnd);
    await this.#handle.datasync();
  }

  /** A large file takes long to be replaced: others wait for that for a tenth of the time at most. */
  async #replaceWhileNeeded(): Promise<void> {
    if (this.#isReplacing) return;
    this.#isReplacing = true;
    while (this.#surplus > 0) {
      await this.saved();
      const sinceMs = performance.now();
      this.#saved = this.#saved.then(() => this.#replace());
      await this.#saved;
      await sleep(REPLACE_REST * (performance.now() - sinceMs));
    }
    this.#isReplacing = false;
  }

  /** Writes what is kept to a new file, which then takes the place of the old one. */
  async #replace(): Promise<void> {
    const { lengths } = this.#places;
    for (let number = 0; number < this.#savedCount; number++) {
      if ((lengths[number] as number) < 0) lengths[number] = 0;
    }
    try {
      const handle = await writeAnew(this.#file, this.#handle, this.#keptRuns());
      this.#moveTo(handle);
      this.#surplus = lengths.filter((length) => length < 0).length;
    } catch (error) {
      // The records are saved, only not taken away.
      this.#log('not replaced', `${shortName(this.#file)} (${reason(error)}), trying again`);
      await sleep(LIMITS.saveRetryMs);
    }
  }

  /** Where in the file is what is kept of the saved records: those that are neighbours in one. */
  #keptRuns(): Place[] {
    const runs: { offset: number; length: number }[] = [];
    const add = (offset: number, length: number) => {
      const last = runs.at(-1);
      if (last !== undefined && offset === last.offset + last.length + LEAD.length) {
        last.length = offset + length - last.offset;
      } else {
        runs.push({ offset, length });
      }
    };
    const { offsets, lengths, others } = this.#places;
    for (const { offset, length } of others) add(offset, length);
    for (let number = 0; number < this.#savedCount; number++) {
      const length = lengths[number] as number;
      if (length > 0) add(offsets[number] as number, length);
    }
    return runs;
  }

  /** Goes on with a new file, in which every record has moved. */
  #moveTo(handle: FileHandle): void {
    const old = this.#handle;
    this.#handle = handle;
    Promise.allSettled(this.#reads).then(() => old.close());

    const { offsets, lengths, others } = this.#places;
    let end = OPENING.length;
    let lead = FIRST_LEAD;
    const move = (length: number) => {
      const offset = end + lead.length;
      end = offset + length;
      lead = LEAD;
      return offset;
    };
    for (const [i, { length }] of others.entries()) others[i] = { offset: move(length), length };
    for (let number = 0; number < this.#savedCount; number++) {
      if (lengths[number] !== 0) offsets[number] = move(this.lengthOf(number));
    }
    this.#savedEnd = end;
    if (this.#unsaved.length > 0) this.#unsaved[0] = lead;
    for (let number = this.#savedCount; number < offsets.length; number++) {
      offsets[number] = move(this.lengthOf(number));
    }
    this.#end = end;
    this.#isEmpty = lead === FIRST_LEAD;
    this.#isForeign = false;
  }
}
