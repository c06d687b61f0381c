/**
 * The file of a journal on disk. It appends records, cuts off the last ones, or replaces the file
 * by one with fewer records. A kill in the middle of any of these leaves a file that can be mended,
 * with every record that counted before. What somebody else has changed meanwhile is left alone.
 */

import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CLOSE_BRACE, OPEN_BRACE } from '../json-source.js';
import type { Log } from '../log.js';
import { type Identity, isSame, requireFolder, statOf } from './identity.js';
import { type Place, READ_BYTES, readPlaces, writeAll } from './places.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING } from './record-table.js';
import { shortName } from './small-file.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const CHANGED = 'somebody else has changed it: end this node, and start it again';

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
  readonly #log: Log;
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
    const rest = this.#isForeign ? await this.#foreignRest() : 0;
    const spaces = Buffer.alloc(Math.max(0, rest - bytes.length), ' ');
    const all = spaces.length > 0 ? Buffer.concat([bytes, spaces]) : bytes;
    const before = this.#size ?? (await this.#handle.stat()).size;
    this.#size = undefined;
    await writeAll(this.#handle, all, this.#end);
    await this.#handle.datasync();
    this.#isForeign = false;
    this.#size = Math.max(before, this.#end + all.length);
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
   * Replaces the file by one with some of its records. A reader finds the whole old file or the
   * whole new one, also after a crash.
   *
   * @param runs places of the records that stay; one run may hold several, with LEAD between them
   * @throws Error if the new file cannot be written; the old one then stays
   */
  async replace(runs: readonly Place[]): Promise<void> {
    await this.#requireOurs();
    await this.#writeAnew(async (write) => {
      await write(OPENING);
      for (const [i, run] of runs.entries()) {
        await write(i === 0 ? FIRST_LEAD : LEAD);
        await this.#copy(run, write);
      }
    });
  }

  /**
   * The file in the folder must be the one that we write to, and as long as we left it: what is
   * accepted is there, and what somebody else has written stays. One that was removed is written
   * back, unless the folder is another one by now.
   */
  async #requireOurs(): Promise<void> {
    const found = await statOf(this.#path);
    if (found === undefined) await this.#writeBack();
    else if (!isSame(found, this.#file)) throw new Error(CHANGED);
    else if (this.#size !== undefined && found.size !== BigInt(this.#size))
      throw new Error(CHANGED);
  }

  async #writeBack(): Promise<void> {
    await requireFolder(dirname(this.#path), this.#folder);
    await this.#writeAnew((write) => this.#copy({ offset: 0, length: this.#end }, write));
    this.#log('written back', `${shortName(this.#path)}, which somebody had removed`);
  }

  /** Copies a part of the file as it is. */
  async #copy({ offset, length }: Place, write: (bytes: Buffer) => Promise<void>): Promise<void> {
    for (let done = 0; done < length; done += READ_BYTES) {
      const part = { offset: offset + done, length: Math.min(READ_BYTES, length - done) };
      for (const bytes of await readPlaces(this.#handle, [part], this.#path)) await write(bytes);
    }
  }

  /** Writes another file, and puts it into the place of this one. */
  async #writeAnew(
    writeRecords: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const handle = await open(temporary, 'w+');
    let end = 0;
    try {
      await writeRecords(async (bytes) => {
        await writeAll(handle, bytes, end);
        end += bytes.length;
      });
      await writeAll(handle, CLOSING, end);
      await handle.datasync();
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await handle.close();
      await rm(temporary, { force: true });
      throw error;
    }
    const old = this.#handle;
    this.#handle = handle;
    this.#file = await handle.stat({ bigint: true });
    this.#end = end;
    this.#size = end + CLOSING.length;
    this.#isForeign = false;
    Promise.allSettled(this.#reads).then(() => old.close());
  }

  /**
   * Counts the bytes after the last record of a file that somebody else has written. An append puts
   * spaces over those that it would leave. A byte order mark is no JSON: spaces replace it here.
   */
  async #foreignRest(): Promise<number> {
    const { buffer: head } = await this.#handle.read(Buffer.alloc(3), 0, 3, 0);
    if (head.equals(BYTE_ORDER_MARK)) await writeAll(this.#handle, Buffer.from('   '), 0);
    return (await this.#handle.stat()).size - this.#end;
  }
}

/** Whether the bytes may be those of a record: what somebody else has written is not where ours was. */
function isObject(bytes: Buffer): boolean {
  return bytes[0] === OPEN_BRACE && bytes.at(-1) === CLOSE_BRACE;
}

/** Makes a renaming durable: without it, what is appended later could be lost with the new file. */
async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders.
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync();
  await handle?.close();
}
