/**
 * Writes a file anew in its own place, where no other file can take it: it is mounted, has another
 * name, belongs to somebody else, or its folder takes no file. A kill or a loss of power at any moment
 * leaves what a start can go on with, because the new version is written behind the old one first:
 *
 * old version, `#rewriting`, new version, `#rewrite OFFSET LENGTH`
 *
 * The last line is written when all before it is on disk. Then the new version is copied to the
 * beginning, with a `#rewriting` behind it, and the rest is cut off.
 */

import type { FileHandle } from 'node:fs/promises';
import { READ_BYTES, writeAll } from './places.js';

/** Begins the new version. Where the last line is missing, all from here on is of no use. */
export const MARK = Buffer.from('#rewriting\n');
const LAST_LINE = /#rewrite (\d{1,16}) (\d{1,16})\n$/;
const LAST_LINE_BYTES = 64;

/**
 * Writes a file anew.
 *
 * @param writeRecords writes the new version through the function that it gets
 * @returns the length of the new version, in bytes
 * @throws Error if the new version cannot be written; the old one then stays
 */
export async function rewrite(
  file: FileHandle,
  writeRecords: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<number> {
  const { size } = await file.stat();
  const offset = size + MARK.length;
  let end = offset;
  try {
    await writeAll(file, MARK, size);
    await writeRecords(async (bytes) => {
      await writeAll(file, bytes, end);
      end += bytes.length;
    });
    if (end - offset > size) throw new Error('it would be longer');
    await file.datasync();
    await writeAll(file, Buffer.from(`#rewrite ${offset} ${end - offset}\n`), end);
    await file.datasync();
  } catch (error) {
    await file.truncate(size);
    throw error;
  }
  return end - offset;
}

/**
 * Copies the new version to the beginning, if there is one. May be called again when it has failed.
 *
 * @returns whether there was one
 */
export async function finishRewriting(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  const start = Math.max(0, size - LAST_LINE_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const found = LAST_LINE.exec(buffer.toString('latin1', 0, bytesRead));
  if (found === null) return false;
  const [offset, length] = [Number(found[1]), Number(found[2])];
  if (offset + length + found[0].length !== size || length > offset) return false;
  const part = Buffer.alloc(Math.min(length, READ_BYTES));
  for (let done = 0; done < length; ) {
    const wanted = Math.min(part.length, length - done);
    const { bytesRead: read } = await file.read(part, 0, wanted, offset + done);
    if (read === 0) throw new Error('its new version is cut short');
    await writeAll(file, part.subarray(0, read), done);
    done += read;
  }
  // Each is on disk before the next: what is behind the new version is of no use, so there is no last
  // line any more, and only then is it cut off, piece by piece as far as we know.
  await writeAll(file, MARK, length);
  await file.datasync();
  await writeAll(file, Buffer.alloc(found[0].length, ' '), size - found[0].length);
  await file.datasync();
  await file.truncate(length);
  await file.datasync();
  return true;
}
