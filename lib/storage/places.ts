/** Reads and writes parts of a file by offset. */

import { type FileHandle, open } from 'node:fs/promises';
import { shortName } from './identity.js';

/** One read takes at most this much, and skips no wider gap between two places. */
export const READ_BYTES = 1024 * 1024;
const GAP_BYTES = 4096;

/** A part of a file, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads several places. Neighbours are read in one go if they come in the order of the file.
 *
 * @throws Error if they cannot be read
 */
export async function readPlaces(
  handle: FileHandle,
  places: readonly Place[],
  file: string,
): Promise<Buffer[]> {
  const records: Buffer[] = [];
  while (records.length < places.length) {
    const run = firstRun(places.slice(records.length));
    const { offset: start } = run[0] as Place;
    const last = run.at(-1) as Place;
    const bytes = Buffer.allocUnsafe(last.offset + last.length - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new Error(`${shortName(file)} is cut short`);
    for (const { offset, length } of run) {
      records.push(bytes.subarray(offset - start, offset - start + length));
    }
  }
  return records;
}

/** Writes all the bytes: a nearly full file system may take only a part of them at first. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = bytes.length - done;
    const { bytesWritten } = await handle.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}

/** Makes it durable that a file is new, or renamed: else it could be lost with all that is in it. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders.
  const handle = await open(folder).catch(() => undefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

/** The first of these places, and those that follow closely. */
function firstRun(places: readonly Place[]): Place[] {
  const { offset: start } = places[0] as Place;
  let end = start;
  const after = places.findIndex(({ offset, length }, index) => {
    const isNear =
      offset >= end && offset - end <= GAP_BYTES && offset + length - start <= READ_BYTES;
    end = offset + length;
    return index > 0 && !isNear;
  });
  return places.slice(0, after < 0 ? places.length : after);
}
