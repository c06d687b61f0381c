/**
 * Reads a file that holds one JSON array of objects, of any size and in any layout, an element
 * at a time; also one whose end is missing, because its writer was killed.
 */

import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../json-source.js';
import { type Element, ElementReader } from './element-reader.js';

/** How an array file ends. */
export interface Ending {
  /** How many whole elements there are. */
  readonly count: number;
  /** Just behind the last of them, or else behind the opening bracket; 0 if there is none. */
  readonly end: number;
  /** How long the file is, without NUL bytes at its end. */
  readonly size: number;
  /** If not, what stands behind `end` is the beginning of something. */
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
  // As a node writes it, an element a line; given up at the first one that is not.
  let isLinewise = true;

  if (file.nextToken() === undefined) return { count, end, size: file.size, isClosed: false };
  if (!file.take(OPEN_BRACKET)) throw file.broken('not a JSON array');
  end = file.position;
  while (file.nextToken() !== undefined) {
    if (file.take(CLOSE_BRACKET)) {
      if (file.nextToken() !== undefined) throw file.broken('something behind the array');
      return { count, end, size: file.size, isClosed: true };
    }
    if (count > 0) {
      if (!file.take(COMMA)) throw file.broken('no comma between two elements');
      // An append that got no further than its comma leaves the old bracket behind it.
      if (file.take(CLOSE_BRACKET) && file.nextToken() !== undefined) {
        throw file.broken('no element behind a comma');
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
