/**
 * A JSON array in a file that is appended to, a record a line, and is whole between two writes:
 *
 * [ {"id":1}, {"id":2} ]
 *
 * An append is one write: it begins at the closing bracket and ends in a new one. A kill in the
 * middle of it leaves a torn last line, and a loss of power may leave any of its pages; the next
 * start moves the torn part away, and takes its whole records again. Records are numbered from
 * 0 in the order in which they came. The last ones are removed by cutting the file off, any others
 * by replacing the file.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Histogram } from '../histogram.js';
import { LIMITS } from '../limits.js';
import { count, type Log, reason } from '../log.js';
import type { Element, ParseElement } from './element-reader.js';
import { shortName } from './identity.js';
import { JournalFile } from './journal-file.js';
import { openJournalFile } from './journal-opening.js';
import { type Disk, Persistence } from './persistence.js';
import { type BytesAt, RecordQueue } from './record-queue.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING, RecordTable } from './record-table.js';

/** Only a file up to this size is replaced as soon as somebody asks for it. */
const AT_ONCE_BYTES = 8 * 1024 * 1024;
/** After a replacement, the next one waits for so many times as long as that one took. */
const REPLACE_REST = 10;

/** What the owner of a journal does with its records at the start, the oldest first. */
export interface RecordReader<T> {
  readonly parse: ParseElement<T>;
  /** Returns false for a record that gets no number and only stays in the file. */
  take(record: Element<T>): boolean;
  /** The same for one behind a part that is lost; it is appended only if this returns true. */
  takeLoose(record: Element<T>): boolean;
}

/**
 * Opens a journal, and creates its file if it does not exist; mends the file or ends the process as
 * `openJournalFile` does.
 *
 * @param log is told as `openJournalFile` tells, and when the disk refuses a write
 */
export async function openJournal<T>(
  path: string,
  reader: RecordReader<T>,
  log: Log,
): Promise<Journal> {
  const table = new RecordTable();
  const take = (record: Element<T>) => {
    if (reader.take(record)) table.add(record);
    else table.addOther(record);
  };
  const { handle, ending, loose } = await openJournalFile(path, reader.parse, take, log);
  const file = await JournalFile.of(path, handle, Math.max(ending.end, OPENING.length), log);
  const journal = new Journal(shortName(path), file, ending.count === 0, table, log);
  const taken = loose.filter((record) => reader.takeLoose(record));
  for (const { json, length } of taken) journal.append(json, length);
  if (taken.length > 0)
    log('mended', `${shortName(path)} has ${count(taken.length, 'record')} of them again`);
  journal.saved();
  return journal;
}

export class Journal implements Disk {
  readonly #name: string;
  readonly #file: JournalFile;
  readonly #log: Log;
  readonly #table: RecordTable;
  /** The first so many records are on disk. */
  #savedCount: number;
  #isReplacing = false;
  /** Offset just after the last record, on disk or not yet. */
  #end: number;
  readonly #persistence: Persistence;
  /** Records to append. */
  readonly #unsaved = new RecordQueue();
  /** The lead of the first of them. */
  #lead: Buffer;
  /** Shared by all callers that wait for the same write, so that they continue in order. */
  #saved = Promise.resolve();
  /** Whether a write is due that has not begun. */
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

  /** Number of records on disk: those with a lower number are. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** Size of the file in bytes once everything is on disk. */
  get bytes(): number {
    return this.#end + CLOSING.length;
  }

  /** Size of the file in bytes with one more record of `recordBytes`. */
  bytesWith(recordBytes: number): number {
    return this.bytes + LEAD.length + recordBytes;
  }

  /** How many bytes are not on disk yet. */
  get unsavedBytes(): number {
    return this.#end - this.#file.end;
  }

  /** Whether the disk has refused the last write. */
  get isFailing(): boolean {
    return this.#persistence.isFailing;
  }

  /** How long the writes took. */
  get syncs(): Histogram {
    return this.#persistence.syncs;
  }

  /** Length of a record in bytes. */
  lengthOf(number: number): number {
    return this.#table.lengthOf(number);
  }

  /** Offset just after a record, in bytes. */
  endOf(number: number): number {
    const { offset, length } = this.#table.placeOf(number);
    return offset + length;
  }

  /**
   * Adds a record. It gets the next number.
   *
   * @param json the text of the record, without line breaks
   * @param bytes the length of the text in UTF-8
   */
  append(json: string, bytes = Buffer.byteLength(json)): void {
    this.#note(bytes);
    this.#unsaved.add(json, bytes);
  }

  /** The same for a record that stands in a buffer. That must not change any more. */
  appendBytes(record: BytesAt): void {
    this.#note(record.end - record.start);
    this.#unsaved.addBytes(record);
  }

  /**
   * Resolves when every record that was added is on disk. There is one write at a time; records
   * added during a write go out with the next one. If the disk refuses, one line says so, and the
   * write is repeated until it succeeds.
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
   * Reads records that are on disk. Neighbours are read in one go if they come in order.
   *
   * @throws Error if they cannot be read
   */
  async read(numbers: readonly number[]): Promise<Buffer[]> {
    await this.#file.readable;
    return this.#file.read(numbers.map((number) => this.#table.placeOf(number)));
  }

  /** Removes records from the file, soon and in one step. Their numbers are not used again. */
  remove(numbers: readonly number[]): void {
    this.#table.markSurplus(numbers);
    this.#replaceWhileNeeded();
  }

  /** Removes them at once if the file is small enough; resolves when that is done. */
  async removed(): Promise<void> {
    if (this.#table.surplus > 0 && this.bytes <= AT_ONCE_BYTES) await this.#tryToReplace();
  }

  /**
   * Cuts off the last records. A kill in the middle of it leaves the others whole. Nothing may be
   * added or read until it is done.
   *
   * @param count how many records stay, at least one
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

  /** Saves the records that there are now; the next save takes those added in the meantime. */
  async #save(): Promise<void> {
    for (const end = this.#end; this.#file.end < end; ) {
      const { bytes, count } = this.#unsaved.take(this.#lead);
      this.#lead = LEAD;
      const [append, cleanUp] = [() => this.#file.append(bytes), () => this.#file.close()];
      await this.#persistence.write(append, cleanUp);
      this.#savedCount += count;
    }
  }

  /** Notes where the next record will stand. */
  #note(length: number): void {
    const lead = this.#unsaved.isEmpty ? this.#lead : LEAD;
    this.#table.add({ offset: this.#end + lead.length, length });
    this.#end += lead.length + length;
  }

  /** A large file takes long to replace. Writes wait for that for a tenth of the time at most. */
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

  /** A disk without room for the new file may still have room for appends to the old one. */
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

  /** Replaces the file by one of the records that stay. */
  async #replace(): Promise<void> {
    await this.#file.replace(this.#table.dropSurplus(this.#savedCount), () => {
      const { end, lead } = this.#table.moveTogether(this.#savedCount);
      this.#end = end;
      this.#lead = lead;
    });
  }
}
