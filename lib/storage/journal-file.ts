/**
 * The file of a journal on disk. It appends records, cuts off the last ones, or replaces the file
 * by one with fewer records. A kill in the middle of any of these leaves a file that can be mended,
 * with every record that counted before.
 */

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Place, READ_BYTES, readPlaces, writeAll } from './places.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING } from './record-table.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export class JournalFile {
  readonly #path: string;
  #handle: FileHandle;
  /** Offset just after the last record. */
  #end: number;
  /** Whether other bytes than CLOSING may follow it. */
  #isForeign = true;
  /** Reads in progress: the old file of a replacement stays open for them. */
  readonly #reads = new Set<Promise<unknown>>();

  /** @param end offset just after the last record, or after the opening bracket */
  constructor(path: string, handle: FileHandle, end: number) {
    this.#path = path;
    this.#handle = handle;
    this.#end = end;
  }

  /** Offset just after the last record, in bytes. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reads records. Neighbours in the file are read in one go if they come in its order.
   *
   * @throws Error if they cannot be read
   */
  async read(places: readonly Place[]): Promise<Buffer[]> {
    const reading = readPlaces(this.#handle, places, this.#path);
    this.#reads.add(reading);
    try {
      return await reading;
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
   * another `append` writes over it or `close` cuts it off
   */
  async append(bytes: Buffer): Promise<void> {
    const rest = this.#isForeign ? await this.#foreignRest() : 0;
    const spaces = Buffer.alloc(Math.max(0, rest - bytes.length), ' ');
    const all = spaces.length > 0 ? Buffer.concat([bytes, spaces]) : bytes;
    await writeAll(this.#handle, all, this.#end);
    await this.#handle.datasync();
    this.#isForeign = false;
    this.#end += bytes.length - CLOSING.length;
  }

  /**
   * Cuts off everything after a record, such as the rest of a refused write. It truncates first and
   * then writes the bracket: a file that lacks its bracket can be mended, one with a bracket too
   * many is broken. One byte is left for the bracket, so it fits on a full disk.
   *
   * @param end offset just after the last record that stays
   * @throws Error if the disk refuses
   */
  async close(end = this.#end): Promise<void> {
    this.#end = end;
    this.#isForeign = true;
    await this.#handle.truncate(end + 1);
    await writeAll(this.#handle, Buffer.from(']'), end);
    await this.#handle.datasync();
  }

  /**
   * Replaces the file by one with some of its records. A reader finds the whole old file or the
   * whole new one, also after a crash.
   *
   * @param runs places of the records that stay; one run may hold several, with LEAD between them
   * @throws Error if the new file cannot be written; the old one then stays
   */
  async replace(runs: readonly Place[]): Promise<void> {
    const old = this.#handle;
    const { handle, end } = await this.#writeAnew(runs);
    this.#handle = handle;
    this.#end = end;
    this.#isForeign = false;
    Promise.allSettled(this.#reads).then(() => old.close());
  }

  async #writeAnew(runs: readonly Place[]): Promise<{ handle: FileHandle; end: number }> {
    const temporary = `${this.#path}.tmp`;
    const handle = await open(temporary, 'w+');
    let end = 0;
    const write = async (bytes: Buffer) => {
      await writeAll(handle, bytes, end);
      end += bytes.length;
    };
    try {
      await write(OPENING);
      for (const [i, { offset, length }] of runs.entries()) {
        await write(i === 0 ? FIRST_LEAD : LEAD);
        for (let done = 0; done < length; done += READ_BYTES) {
          const part = { offset: offset + done, length: Math.min(READ_BYTES, length - done) };
          for (const bytes of await readPlaces(this.#handle, [part], this.#path)) {
            await write(bytes);
          }
        }
      }
      await writeAll(handle, CLOSING, end);
      await handle.datasync();
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
      return { handle, end };
    } catch (error) {
      await handle.close();
      await rm(temporary, { force: true });
      throw error;
    }
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

/** Makes a renaming durable: without it, what is appended later could be lost with the new file. */
async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders.
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync();
  await handle?.close();
}
