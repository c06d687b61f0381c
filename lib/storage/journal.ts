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

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { reason } from '../log.js';
import type { Element } from './element-reader.js';
import { JournalFile } from './journal-file.js';
import { openJournalFile } from './journal-opening.js';
import { Persistence } from './persistence.js';
import { RecordQueue, type RecordText } from './record-queue.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING, RecordTable } from './record-table.js';
import { shortName } from './small-file.js';

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
  path: string,
  onRecord: (record: Element) => boolean,
  log: Log,
): Promise<Journal> {
  const table = new RecordTable();
  const take = (record: Element) => {
    if (onRecord(record)) table.add(record);
    else table.addOther(record);
  };
  const { handle, ending } = await openJournalFile(path, take, log);
  const file = new JournalFile(path, handle, Math.max(ending.end, OPENING.length));
  return new Journal(shortName(path), file, ending.count === 0, table, log);
}

export class Journal {
  readonly #name: string;
  readonly #file: JournalFile;
  readonly #log: Log;
  readonly #table: RecordTable;
  /** How many records are on disk: so many of the first. */
  #savedCount: number;
  #isReplacing = false;
  /** The end of the last record of all, on disk or not yet. */
  #end: number;
  readonly #persistence: Persistence;
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

  constructor(name: string, file: JournalFile, isEmpty: boolean, table: RecordTable, log: Log) {
    this.#name = name;
    this.#file = file;
    this.#log = log;
    this.#persistence = new Persistence(name, log);
    this.#table = table;
    this.#savedCount = table.count;
    this.#lead = isEmpty ? FIRST_LEAD : LEAD;
    this.#end = file.end;
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
    return this.#end - this.#file.end;
  }

  /** Whether the disk has refused the last write. */
  get isFailing(): boolean {
    return this.#persistence.isFailing;
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
  read(numbers: readonly number[]): Promise<Buffer[]> {
    return this.#file.read(numbers.map((number) => this.#table.placeOf(number)));
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
    await this.#file.settled();
    this.#table.truncate(count);
    this.#savedCount = count;
    const end = this.endOf(count - 1);
    this.#end = end;
    this.#saved = this.#saved.then(() => this.#persistence.write(() => this.#file.close(end)));
    await this.#saved;
  }

  /** Saves what there is now; what is added meanwhile is the next one's. */
  async #save(): Promise<void> {
    for (const end = this.#end; this.#file.end < end; ) {
      const texts = this.#unsaved.take();
      const count = texts.reduce((sum, each) => sum + each.count, 0);
      const bytes = this.#encode(texts, count);
      this.#lead = LEAD;
      const [append, cleanUp] = [() => this.#file.append(bytes), () => this.#file.close()];
      await this.#persistence.write(append, cleanUp);
      this.#savedCount += count;
    }
  }

  /** The oldest records as they stand in the file, so many of them, with the closing. */
  #encode(texts: readonly RecordText[], count: number): Buffer {
    const length = this.endOf(this.#savedCount + count - 1) - this.#file.end + CLOSING.length;
    if (length > this.#page.length) this.#page = Buffer.allocUnsafe(length);
    let end = 0;
    for (const { text } of texts) {
      end += (end === 0 ? this.#lead : LEAD).copy(this.#page, end);
      end += this.#page.write(text, end);
    }
    end += CLOSING.copy(this.#page, end);
    return this.#page.subarray(0, end);
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
      const what = `${this.#name} (${reason(error)}), trying again`;
      this.#log('not made smaller', what);
      return false;
    }
  }

  /** Goes on with a file of what is kept. */
  async #replace(): Promise<void> {
    await this.#file.replace(this.#table.dropSurplus(this.#savedCount));
    const { end, lead } = this.#table.moveTogether(this.#savedCount);
    this.#end = end;
    this.#lead = lead;
  }
}
