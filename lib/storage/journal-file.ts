/**
 * The file of a journal on disk. It appends records, cuts off the last ones, or replaces the file
 * by one with fewer records. A kill in the middle of any of these leaves a file that can be mended,
 * with every record that counted before. What somebody else has changed meanwhile is left alone.
 */

import type { BigIntStats } from 'node:fs';
import { type FileHandle, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CLOSE_BRACE, OPEN_BRACE } from '../json-source.js';
import type { Log } from '../log.js';
import { type Identity, isSame, requireFolder, shortName, statOf } from './identity.js';
import { Persistence } from './persistence.js';
import { type Place, READ_BYTES, readPlaces, syncFolder, writeAll } from './places.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING } from './record-table.js';
import { CannotTakePlaceError, Replacement } from './replacement.js';
import { finishRewriting, rewrite } from './rewriting.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const CHANGED = 'somebody else has changed it: end this node, and start it again';

/** Writes the records of a new version, and what is between them. */
type WriteRecords = (write: (bytes: Buffer) => Promise<void>) => Promise<void>;

export class JournalFile {
  readonly #path: string;
  #handle: FileHandle;
  /** Offset just after the last record. */
  #end: number;
  /** Whether other bytes than CLOSING may follow it. */
  #isForeign = true;
  readonly #folder: Identity;
  #file: Identity;
  /** How long the file is as we left it; undefined after a write that failed. */
  #size: number | undefined;
  /** Whether it is on disk that the file has its name. */
  #isNamed = true;
  readonly #log: Log;
  #rewriting: Promise<unknown> = Promise.resolve();
  /** Reads in progress: the old file of a replacement stays open for them. */
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(
    path: string,
    handle: FileHandle,
    end: number,
    { file, folder }: { file: BigIntStats; folder: Identity },
    log: Log,
  ) {
    this.#path = path;
    this.#handle = handle;
    this.#end = end;
    this.#file = file;
    this.#size = Number(file.size);
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * @param end offset just after the last record, or after the opening bracket
   * @param log is told when the file had to be written back
   */
  static async of(path: string, handle: FileHandle, end: number, log: Log): Promise<JournalFile> {
    const file = await handle.stat({ bigint: true });
    const folder = await stat(dirname(path), { bigint: true });
    return new JournalFile(path, handle, end, { file, folder }, log);
  }

  /** Offset just after the last record, in bytes. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reads records. Neighbours in the file are read in one go if they come in its order.
   *
   * @throws Error if they cannot be read, or are no longer there
   */
  async read(places: readonly Place[]): Promise<Buffer[]> {
    const reading = readPlaces(this.#handle, places, this.#path);
    this.#reads.add(reading);
    try {
      const records = await reading;
      if (!records.every(isObject)) throw new Error(CHANGED);
      return records;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Resolves when records can be read. */
  get readable(): Promise<unknown> {
    return this.#rewriting;
  }

  /** Resolves when all reads that have begun are done. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reads);
  }

  /**
   * Appends records, and resolves when they are on disk.
   *
   * @param bytes the lead of the first record, the records, and CLOSING
   * @throws Error if the disk refuses; a part of the bytes may then follow the last record, until
   * another `append` writes over it or `close` cuts it off. Or if somebody else has changed the file
   */
  async append(bytes: Buffer): Promise<void> {
    await this.#requireOurs();
    if (this.#isForeign) await this.#makeOurs();
    this.#size = undefined;
    await writeAll(this.#handle, bytes, this.#end);
    await this.#handle.datasync();
    this.#isForeign = false;
    this.#size = this.#end + bytes.length;
    this.#end += bytes.length - CLOSING.length;
  }

  /**
   * Cuts off everything after a record, such as the rest of a refused write. It truncates first and
   * then writes the bracket: a file that lacks its bracket can be mended, one with a bracket too
   * many is broken. One byte is left for the bracket, so it fits on a full disk.
   *
   * @param end offset just after the last record that stays
   * @throws Error if the disk refuses, or somebody else has changed the file
   */
  async close(end = this.#end): Promise<void> {
    await this.#requireOurs();
    this.#end = end;
    this.#isForeign = true;
    this.#size = undefined;
    await this.#handle.truncate(end + 1);
    await writeAll(this.#handle, Buffer.from(']'), end);
    await this.#handle.datasync();
    this.#size = end + 1;
  }

  /**
   * Replaces the file by one with some of its records.
   *
   * @param runs places of the records that stay; one run may hold several, with LEAD between them
   * @param isNow is called at the moment from which records are read from the new file
   * @throws Error if the new file cannot be written; the old one then stays
   */
  async replace(runs: readonly Place[], isNow: () => void): Promise<void> {
    await this.#requireOurs();
    const writeRecords: WriteRecords = async (write) => {
      await write(OPENING);
      for (const [i, run] of runs.entries()) {
        await write(i === 0 ? FIRST_LEAD : LEAD);
        await this.#copy(run, write);
      }
    };
    try {
      const anew = await Replacement.begin(this.#path, await this.#handle.stat());
      await this.#writeAnew(anew, writeRecords, isNow);
    } catch (error) {
      if (!(error instanceof CannotTakePlaceError)) throw error;
      await this.#writeOver(writeRecords, isNow);
    }
  }

  /**
   * The file in the folder must be the one that we write to, and as long as we left it: what is
   * accepted is there, and what somebody else has written stays. One that was removed is written
   * back, unless the folder is another one by now.
   */
  async #requireOurs(): Promise<void> {
    const found = statOf(this.#path);
    if (found === undefined) await this.#writeBack();
    else if (!isSame(found, this.#file)) throw new Error(CHANGED);
    else if (this.#size !== undefined && found.size !== BigInt(this.#size))
      throw new Error(CHANGED);
    // Until this is done, a loss of power could bring an old file back.
    if (!this.#isNamed) await syncFolder(dirname(await realpath(this.#path)));
    this.#isNamed = true;
  }

  async #writeBack(): Promise<void> {
    requireFolder(dirname(this.#path), this.#folder);
    const all = { offset: 0, length: this.#end };
    const anew = await Replacement.begin(this.#path, await this.#handle.stat(), true);
    await this.#writeAnew(
      anew,
      (write) => this.#copy(all, write),
      () => {},
    );
    this.#log('written back', `${shortName(this.#path)}, which somebody had removed`);
  }

  /** Copies a part of the file as it is. */
  async #copy({ offset, length }: Place, write: (bytes: Buffer) => Promise<void>): Promise<void> {
    for (let done = 0; done < length; done += READ_BYTES) {
      const part = { offset: offset + done, length: Math.min(READ_BYTES, length - done) };
      for (const bytes of await readPlaces(this.#handle, [part], this.#path)) await write(bytes);
    }
  }

  /**
   * Writes another version of the file, and puts it into the place of this one.
   *
   * @param anew has just begun
   * @param isNow is called at the moment from which records are read from the new one
   */
  async #writeAnew(
    anew: Replacement,
    writeRecords: WriteRecords,
    isNow: () => void,
  ): Promise<void> {
    const old = this.#handle;
    try {
      await writeRecords((bytes) => anew.write(bytes));
      await anew.write(CLOSING);
      this.#file = await anew.identity();
      this.#handle = await anew.takePlace();
    } catch (error) {
      this.#file = await old.stat({ bigint: true });
      await anew.discard();
      throw error;
    }
    this.#becomes(anew.end, isNow);
    Promise.allSettled(this.#reads).then(() => old.close());
    this.#isNamed = await isDone(syncFolder(anew.folder));
  }

  /** Writes another version of the file in its own place. */
  async #writeOver(writeRecords: WriteRecords, isNow: () => void): Promise<void> {
    this.#size = undefined;
    // What it leaves behind the array if it fails is cut off before the next append.
    this.#isForeign = true;
    const length = await rewrite(this.#handle, async (write) => {
      await writeRecords(write);
      await write(CLOSING);
    });
    // Nobody can read meanwhile. There is no way back: it is tried until it succeeds.
    const persistence = new Persistence(shortName(this.#path), this.#log);
    const finish = async () => {
      await finishRewriting(this.#handle);
    };
    this.#rewriting = this.settled()
      .then(() => persistence.write(finish))
      .then(() => this.#becomes(length, isNow));
    await this.#rewriting;
  }

  /** The file has another content now. */
  #becomes(length: number, isNow: () => void): void {
    this.#end = length - CLOSING.length;
    this.#size = length;
    this.#isForeign = false;
    isNow();
  }

  /**
   * Prepares a file that somebody else has written for an append: a byte order mark is no JSON, so
   * spaces replace it; and an append must reach to the end of the file.
   */
  async #makeOurs(): Promise<void> {
    const { buffer: head } = await this.#handle.read(Buffer.alloc(3), 0, 3, 0);
    if (head.equals(BYTE_ORDER_MARK)) await writeAll(this.#handle, Buffer.from('   '), 0);
    const { size } = await this.#handle.stat();
    if (size - this.#end > CLOSING.length) await this.close();
  }
}

async function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Whether the bytes may be those of a record: what somebody else has written is not where ours was. */
function isObject(bytes: Buffer): boolean {
  return bytes[0] === OPEN_BRACE && bytes.at(-1) === CLOSE_BRACE;
}
