/**
 * What a loss of power leaves of an append that was not synced: any of its pages may be on disk, with
 * the file as long as before or as long as it was to be. A page that is not on disk shows as it was:
 * NUL bytes, behind the end of the old array if that is in it. Nothing that was synced is in doubt.
 */

import { readSync } from 'node:fs';
import { LIMITS } from '../limits.js';
import type { Element, ParseElement } from './element-reader.js';
import { CLOSING } from './record-table.js';

/** Pages of other sizes begin at multiples of this one too. */
const PAGE_BYTES = 4096;
/** An append is no longer than what may wait for the disk, and begins within a page. */
const REST_BYTES = LIMITS.unsavedBytes + PAGE_BYTES;
/** The end of an array, or a part of it. */
const OLD_END = /^\s*\]?\s*$/;

/**
 * Finds the first page that was never written.
 *
 * @param end offset just after the last whole record
 * @param size of the file
 * @returns the offset from which on bytes are lost; undefined if none are, and something else is wrong
 */
export function lostFrom(fd: number, end: number, size: number): number | undefined {
  if (size - end > REST_BYTES) return undefined;
  const rest = readRest(fd, end, size);
  // The old array may have ended just before this page, so that there is no NUL byte.
  const page = PAGE_BYTES - (end % PAGE_BYTES);
  if (
    page < rest.length &&
    page <= CLOSING.length &&
    OLD_END.test(rest.toString('latin1', 0, page))
  ) {
    return end + page;
  }
  const start = rest.indexOf(0);
  if (start < 0) return undefined;
  const until = end + start + rest.subarray(start).findIndex((byte) => byte !== 0);
  return until % PAGE_BYTES === 0 ? end + start : undefined;
}

/** The bytes from an offset to the end of a file. */
export function readRest(fd: number, end: number, size: number): Buffer {
  const rest = Buffer.alloc(size - end);
  return rest.subarray(0, readSync(fd, rest, 0, rest.length, end));
}

/** The records that fill a line: a journal writes each of them so. */
export function wholeLines<T>(bytes: Buffer, parse: ParseElement<T>): Element<T>[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const json = line.replace(/,$/, '');
      if (!json.startsWith('{')) return [];
      try {
        const length = Buffer.byteLength(json);
        return [{ value: parse(json, length), json, offset: 0, length }];
      } catch {
        return [];
      }
    });
}
