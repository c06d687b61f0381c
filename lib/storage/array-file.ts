/**
 * Reads a file that holds one JSON array of objects, an element at a time. The file may be of any
 * size and in any layout, and its end may be missing because its writer was killed.
 */

import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../json-source.js';
import { type Element, ElementReader } from './element-reader.js';

/** How an array file ends. */
export interface Ending {
  /** Number of whole elements. */
  readonly count: number;
  /** Offset just after the last element, or after the opening bracket; 0 if there is no bracket. */
  readonly end: number;
  /** Size of the file in bytes, without NUL bytes at its end. */
  readonly size: number;
  /** If false, the bytes after `end` are the beginning of something. */
  readonly isClosed: boolean;
}

/**
 * Reads an array file from beginning to end.
 *
 * @param fd the open file
 * @param onElement is called with each whole element
 * @returns how the file ends
 * @throws BrokenFileError
 */
export function readArrayFile(fd: number, onElement: (element: Element) => void): Ending {
  const file = new ElementReader(fd);
  let count = 0;
  let end = 0;
  // A node writes one element a line; a file in another layout is read more slowly.
  let isLinewise = true;

  if (file.nextToken() === undefined) return { count, end, size: file.size, isClosed: false };
  if (!file.take(OPEN_BRACKET)) throw file.broken('not a JSON array');
  end = file.position;
  while (file.nextToken() !== undefined) {
    if (file.take(CLOSE_BRACKET)) {
      if (file.nextToken() !== undefined) throw file.broken('something after the array');
      return { count, end, size: file.size, isClosed: true };
    }
    if (count > 0) {
      if (!file.take(COMMA)) throw file.broken('no comma between two elements');
      // An append that got no further than its comma leaves the old bracket after it.
      if (file.take(CLOSE_BRACKET) && file.nextToken() !== undefined) {
        throw file.broken('no element after a comma');
      }
      if (file.nextToken() === undefined) break;
    }
    const inLine: Element | undefined = isLinewise ? file.elementInLine() : undefined;
    isLinewise = inLine !== undefined;
    const element = inLine ?? file.element();
    if (element === undefined) break;
    onElement(element);
    count += 1;
    end = file.position;
  }
  return { count, end, size: file.size, isClosed: false };
}
