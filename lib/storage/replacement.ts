/**
 * A new version of a file. It takes the place of the old one in one step: a reader finds the whole
 * old file or the whole new one, also after a crash. The file keeps its owner and its mode, and a
 * link to it leads to the new version.
 */

import type { BigIntStats, Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAll } from './places.js';

/** What a system says that does not let one file take the place of another. */
const REFUSED = new Set(['EBUSY', 'EXDEV', 'EPERM', 'EACCES', 'EROFS']);

/** No other file can take the place of this one; it can only be written over. */
export class CannotTakePlaceError extends Error {
  constructor() {
    super('no other file can take its place');
  }
}

export class Replacement {
  readonly #target: string;
  readonly #handle: FileHandle;
  #end = 0;

  private constructor(target: string, handle: FileHandle) {
    this.#target = target;
    this.#handle = handle;
  }

  /**
   * @param like the old file, whose owner and mode the new one gets; undefined if there is none
   * @param isGone whether the old file has no name any more
   * @throws CannotTakePlaceError, or another Error
   */
  static async begin(path: string, like?: Stats, isGone = false): Promise<Replacement> {
    const target = await realpath(path).catch(() => path);
    // Another name of the same file would go on to lead to the old one.
    if ((like?.nlink ?? 0) > 1 && !isGone) throw new CannotTakePlaceError();
    const handle = await open(`${target}.tmp`, 'w+', 0o600).catch(explain);
    const anew = new Replacement(target, handle);
    if (like !== undefined && !(await becomesLike(handle, like)) && !isGone) {
      await anew.discard();
      throw new CannotTakePlaceError();
    }
    return anew;
  }

  /** The folder in which the file gets its name. */
  get folder(): string {
    return dirname(this.#target);
  }

  /** Length of what was written, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** By which the new file is known. */
  identity(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  async write(bytes: Buffer): Promise<void> {
    await writeAll(this.#handle, bytes, this.#end);
    this.#end += bytes.length;
  }

  /**
   * Puts the new version into the place of the old one.
   *
   * @returns the open file
   * @throws CannotTakePlaceError, or another Error; `discard` is then still to be called
   */
  async takePlace(): Promise<FileHandle> {
    await this.#handle.datasync();
    await rename(`${this.#target}.tmp`, this.#target).catch(explain);
    return this.#handle;
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(`${this.#target}.tmp`, { force: true });
  }
}

function explain(error: NodeJS.ErrnoException): never {
  throw REFUSED.has(`${error.code}`) ? new CannotTakePlaceError() : error;
}

/** Whether a new file has the owner and the mode of another one now. */
async function becomesLike(handle: FileHandle, { uid, gid, mode }: Stats): Promise<boolean> {
  try {
    const own = await handle.stat();
    if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid);
    await handle.chmod(mode & 0o777);
    return true;
  } catch {
    return false;
  }
}
