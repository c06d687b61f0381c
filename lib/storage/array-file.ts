/**
 * Reads a file that holds one JSON array of objects, an element at a time. The file may be of any
 * size and in any layout. Its end may be missing because its writer was killed, and parts of its end
 * because the power went.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../json-source.js';
import {
  BrokenFileError,
  type Element,
  ElementReader,
  type ParseElement,
} from './element-reader.js';
import { lostFrom } from './lost-pages.js';
import { MARK } from './rewriting.js';

/** After so long, the event loop has its turn. */
const TURN_MS = 20;

/** What is done with an array file as it is read. */
export interface ArrayReader<T> {
  readonly parse: ParseElement<T>;
  /** Is called with each whole element, the first one first. */
  onElement(element: Element<T>): void;
  /** Is called now and then with the number of bytes read so far, and with all there are. */
  onProgress?(bytes: number, size: number): void;
}

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
  /** Whether there is more behind that beginning, and pages between the two that were lost. */
  readonly hasLostPages: boolean;
}

/** How far a file is read, as in its ending. */
type Progress = { count: number; end: number };

/**
 * Reads an array file from beginning to end, and leaves the event loop its turns meanwhile.
 *
 * @param fd the open file
 * @returns how the file ends
 * @throws BrokenFileError
 */
export async function readArrayFile<T>(fd: number, reader: ArrayReader<T>): Promise<Ending> {
  const file = new ElementReader(fd, reader.parse);
  const { size } = file;
  const read = { count: 0, end: 0 };
  if (file.nextToken() === undefined)
    return { ...read, size, isClosed: false, hasLostPages: false };
  if (!file.take(OPEN_BRACKET)) throw file.broken('not a JSON array');
  read.end = file.position;
  try {
    const isClosed = await readElements(file, read, reader);
    const lost = isClosed ? undefined : lostFrom(fd, read.end, size);
    return { ...read, size, isClosed, hasLostPages: lost !== undefined };
  } catch (error) {
    const lost = error instanceof BrokenFileError ? lostFrom(fd, read.end, size) : undefined;
    // What stands before the lost pages must be right.
    if (lost === undefined || !(await isBeginning(fd, read, lost))) throw error;
    return { ...read, size, isClosed: false, hasLostPages: true };
  }
}

/**
 * Reads what follows the opening bracket, or an element.
 *
 * @param read counts the elements as they are read
 * @returns whether the array is closed
 * @throws BrokenFileError
 */
async function readElements<T>(
  file: ElementReader<T>,
  read: Progress,
  { onElement, onProgress }: Omit<ArrayReader<T>, 'parse'>,
): Promise<boolean> {
  let turnMs = performance.now();
  // A node writes one element a line; a file in another layout is read more slowly.
  let isLinewise = true;
  while (file.nextToken() !== undefined) {
    if (file.take(CLOSE_BRACKET)) {
      if (file.nextToken() === undefined) return true;
      // A new version that is not whole: the old one stays.
      if (file.isAt(MARK)) return false;
      throw file.broken('something after the array');
    }
    if (read.count > 0) {
      if (!file.take(COMMA)) throw file.broken('no comma between two elements');
      // An append that got no further than its comma leaves the old bracket after it.
      if (file.take(CLOSE_BRACKET) && file.nextToken() !== undefined) {
        throw file.broken('no element after a comma');
      }
      if (file.nextToken() === undefined) break;
    }
    const inLine: Element<T> | undefined = isLinewise ? file.elementInLine() : undefined;
    isLinewise = inLine !== undefined;
    const element = inLine ?? file.element();
    if (element === undefined) break;
    onElement(element);
    read.count += 1;
    read.end = file.position;
    if (performance.now() - turnMs > TURN_MS) {
      onProgress?.(read.end, file.size);
      await nextTurn();
      turnMs = performance.now();
    }
  }
  return false;
}

/** Whether nothing is wrong between the last element that was read and an offset. */
async function isBeginning(fd: number, read: Progress, until: number): Promise<boolean> {
  try {
    const file = new ElementReader(fd, (json) => JSON.parse(json), read.end, until);
    await readElements(file, { ...read }, { onElement: () => {} });
    return true;
  } catch (error) {
    if (error instanceof BrokenFileError) return false;
    throw error;
  }
}
