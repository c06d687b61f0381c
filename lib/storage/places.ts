/** Parts of a file, read and written by where they are. */

import type { FileHandle } from 'node:fs/promises';
import { shortName } from './small-file.js';

/** What is read in one go: no more than this, and across no wider gap between two places. */
export const READ_BYTES = 1024 * 1024;
const GAP_BYTES = 4096;

/** Where in a file something is, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads what is at some places; neighbours, in the order of the file, in one go.
 *
 * @throws Error when they cannot be read
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

/** Writes all of it: a file system that is nearly full may take a part of what it is given. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = bytes.length - done;
    const { bytesWritten } = await handle.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}

/** The first of these places, and those that follow on it closely. */
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
