/**
 * A JSON array in a file that is appended to, a record a line, and is whole between two writes:
 *
 *   [
 *   {"id":1},
 *   {"id":2}
 *   ]
 *
 * An append is one write over the closing bracket that ends in a new one. A kill in
 * the middle of it leaves a torn last line, which the next start takes away. Records have numbers,
 * from 0, in the order in which they came. They can be taken away: the last ones by cutting the file
 * off, any others by replacing it.
 */

import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { reason } from '../log.js';
import type { Element, Ending } from './array-file.js';
import {
  CLOSING,
  FIRST_LEAD,
  LEAD,
  OPENING,
  openJournalFile,
  readPlaces,
  writeAll,
  writeAnew,
} from './journal-file.js';
import { RecordQueue, type RecordText } from './record-queue.js';
import { RecordTable } from './record-table.js';
import { shortName } from './small-file.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** A larger file is not replaced out of turn. */
const AT_ONCE_BYTES = 8 * 1024 * 1024;
/** After the file was replaced, nothing is taken away for so many times as long as that took. */
const REPLACE_REST = 10;

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
  const table = new RecordTable();
  const take = (record: Element) => {
    if (onRecord(record)) table.add(record);
    else table.addOther(record);
  };
  const { handle, ending } = await openJournalFile(file, take, log);
  return new Journal(file, handle, ending, table, log);
}

export class Journal {
  readonly #file: string;
  readonly #log: Log;
  #handle: FileHandle;
  /** Reads under way: a file that is replaced stays open for them. */
  readonly #reads = new Set<Promise<unknown>>();
  readonly #table: RecordTable;
  /** How many records are on disk: so many of the first. */
  #savedCount: number;
  #isReplacing = false;
  /** The end of the last record on disk, and of the last one of all. */
  #savedEnd: number;
  #end: number;
  /** Whether something else than our closing may stand behind the records on disk. */
  #isForeign = true;
  #isFailing = false;
  /** The records to append. */
  readonly #unsaved = new RecordQueue();
  /** What leads to the first of them. */
  #lead: Buffer;
  /** What is being written. For memory of its own, each write would pay more than for all the rest. */
  #page = Buffer.alloc(0);
  /** Shared by all that wait for the same write, so that they continue in order. */
  #saved = Promise.resolve();
  /** Whether a write is asked for that has not begun. */
  #isQueued = false;

  constructor(file: string, handle: FileHandle, ending: Ending, table: RecordTable, log: Log) {
    this.#file = file;
    this.#handle = handle;
    this.#log = log;
    this.#table = table;
    this.#savedCount = table.count;
    this.#lead = ending.count === 0 ? FIRST_LEAD : LEAD;
    this.#savedEnd = Math.max(ending.end, OPENING.length);
    this.#end = this.#savedEnd;
  }

  /** How many records are on disk: so many of the first. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** How long the file is, or will be once all is on disk. */
  get bytes(): number {
    return this.#end + CLOSING.length;
  }

  /** How long the file would be with one more record of so many bytes. */
  bytesWith(recordBytes: number): number {
    return this.bytes + LEAD.length + recordBytes;
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
    return this.#table.lengthOf(number);
  }

  /** Where in the file a record ends. */
  endOf(number: number): number {
    const { offset, length } = this.#table.placeOf(number);
    return offset + length;
  }

  /**
   * Adds a record, with the next number.
   *
   * @param json its text, without line breaks
   * @param bytes how long that is in UTF-8
   */
  append(json: string, bytes = Buffer.byteLength(json)): void {
    const lead = this.#unsaved.isEmpty ? this.#lead : LEAD;
    this.#unsaved.add(json);
    this.#table.add({ offset: this.#end + lead.length, length: bytes });
    this.#end += lead.length + bytes;
  }

  /**
   * Resolves when all that has been added is on disk. One write at a time; what is added during
   * it goes out with the next one. A disk that refuses is logged once, and asked
   * again until it takes the records.
   */
  saved(): Promise<void> {
    if (!this.#unsaved.isEmpty && !this.#isQueued) {
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
    const places = numbers.map((number) => this.#table.placeOf(number));
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
    this.#table.markSurplus(numbers);
    this.#replaceWhileNeeded();
  }

  /** Has them leave it at once, if it is not too large for that; resolves when that is done. */
  async removed(): Promise<void> {
    if (this.#table.surplus > 0 && this.bytes <= AT_ONCE_BYTES) await this.#tryToReplace();
  }

  /**
   * Cuts off the last records. Whenever that is broken off, the others are whole.
   *
   * @param count how many are left, one at least; nothing may be added or read until it is done
   */
  async truncate(count: number): Promise<void> {
    await this.saved();
    await Promise.allSettled(this.#reads);
    this.#table.truncate(count);
    this.#savedCount = count;
    this.#savedEnd = this.endOf(count - 1);
    this.#end = this.#savedEnd;
    this.#saved = this.#saved.then(() => this.#insist(() => this.#close()));
    await this.#saved;
  }

  /** Saves what there is now; what is added meanwhile is the next one's. */
  async #save(): Promise<void> {
    for (const end = this.#end; this.#savedEnd < end; ) {
      const texts = this.#unsaved.take();
      const count = texts.reduce((sum, each) => sum + each.count, 0);
      const bytes = this.#encode(texts, count);
      this.#lead = LEAD;
      await this.#insist(() => this.#append(bytes));
      this.#savedEnd += bytes.length - CLOSING.length;
      this.#savedCount += count;
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

  /** The oldest records as they stand in the file, so many of them, with the closing. */
  #encode(texts: readonly RecordText[], count: number): Buffer {
    const length = this.endOf(this.#savedCount + count - 1) - this.#savedEnd + CLOSING.length;
    if (length > this.#page.length) this.#page = Buffer.allocUnsafe(length);
    let end = 0;
    for (const { text } of texts) {
      end += (end === 0 ? this.#lead : LEAD).copy(this.#page, end);
      end += this.#page.write(text, end);
    }
    end += CLOSING.copy(this.#page, end);
    return this.#page.subarray(0, end);
  }

  async #append(bytes: Buffer): Promise<void> {
    const rest = this.#isForeign ? await this.#foreignRest() : 0;
    const spaces = Buffer.alloc(Math.max(0, rest - bytes.length), ' ');
    const all = spaces.length > 0 ? Buffer.concat([bytes, spaces]) : bytes;
    await writeAll(this.#handle, all, this.#savedEnd);
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
    for (let isDone = false; !isDone || this.#table.surplus > 0; ) {
      const sinceMs = performance.now();
      isDone = await this.#tryToReplace();
      const tookMs = isDone ? performance.now() - sinceMs : LIMITS.saveRetryMs;
      await sleep(REPLACE_REST * tookMs);
    }
    this.#isReplacing = false;
  }

  /** A disk that has no room for the new file may still take what is appended to the old one. */
  async #tryToReplace(): Promise<boolean> {
    await this.saved();
    const replacing = this.#saved.then(() => this.#replace());
    this.#saved = replacing.catch(() => {});
    try {
      await replacing;
      return true;
    } catch (error) {
      const what = `${shortName(this.#file)} (${reason(error)}), trying again`;
      this.#log('not made smaller', what);
      return false;
    }
  }

  /** Writes what is kept to a new file, and goes on with that. */
  async #replace(): Promise<void> {
    const runs = this.#table.dropSurplus(this.#savedCount);
    const handle = await writeAnew(this.#file, this.#handle, runs);
    const old = this.#handle;
    this.#handle = handle;
    Promise.allSettled(this.#reads).then(() => old.close());
    const { savedEnd, end, lead } = this.#table.moveTogether(this.#savedCount);
    this.#savedEnd = savedEnd;
    this.#end = end;
    this.#lead = lead;
    this.#isForeign = false;
  }
}
