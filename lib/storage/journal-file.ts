/**
 * The file of a journal, as the disk sees it: records are appended, the last ones cut off, or all of
 * it is replaced by a part of it. Whenever one of these is broken off, what counted before is whole.
 */

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Place, READ_BYTES, readPlaces, writeAll } from './places.js';
import { CLOSING, FIRST_LEAD, LEAD, OPENING } from './record-table.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export class JournalFile {
  readonly #path: string;
  #handle: FileHandle;
  /** The end of the last record. */
  #end: number;
  /** Whether something else than our closing may stand behind it. */
  #isForeign = true;
  /** Reads under way: a file that is replaced stays open for them. */
  readonly #reads = new Set<Promise<unknown>>();

  /** @param end of the last record in it, or of the opening bracket */
  constructor(path: string, handle: FileHandle, end: number) {
    this.#path = path;
    this.#handle = handle;
    this.#end = end;
  }

  /** The end of the last record. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reads records; neighbours, in the order of the file, in one go.
   *
   * @throws Error when they cannot be read
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

  /** Resolves when no read that was asked for before is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reads);
  }

  /**
   * Appends records, and resolves when they are on disk.
   *
   * @param bytes what leads to the first of them, the records, and CLOSING
   * @throws Error when the disk refuses; what it took of them stands behind the last record, until
   * it is appended again or `close` has taken it away
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
   * Takes away what is behind the last record, such as what a refused write has left. In this order:
   * a bracket too many would make the file a broken one, and one too few does not. It fits in where
   * there was a byte, however full the disk.
   *
   * @param end of the last record that stays
   * @throws Error when the disk refuses
   */
  async close(end = this.#end): Promise<void> {
    this.#end = end;
    this.#isForeign = true;
    await this.#handle.truncate(end + 1);
    await writeAll(this.#handle, Buffer.from(']'), end);
    await this.#handle.datasync();
  }

  /**
   * Goes on with a new file of some of the records: a reader, also after a crash, finds the old
   * file whole or the new one whole.
   *
   * @param runs where the records are that are kept; what is between those in one run is LEAD
   * @throws Error when it cannot be written; then the old one stays
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
   * How many bytes are behind the last record of a file that we have not written: spaces are
   * written over what an append leaves of them, and over a byte order mark, which is no JSON.
   */
  async #foreignRest(): Promise<number> {
    const { buffer: head } = await this.#handle.read(Buffer.alloc(3), 0, 3, 0);
    if (head.equals(BYTE_ORDER_MARK)) await writeAll(this.#handle, Buffer.from('   '), 0);
    return (await this.#handle.stat()).size - this.#end;
  }
}

/** Has the disk know the new name; what is then appended to the file would else be to none. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync();
  await handle?.close();
}
