/** Reads tokens and elements from an array file through a window, so that memory stays bounded. */

import { isUtf8 } from 'node:buffer';
import { fstatSync, readSync } from 'node:fs';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../json-source.js';

/** In memory at a time is this much of the file, and one element. */
const WINDOW_BYTES = 1024 * 1024;
/** A node writes no element this long, so it is no unfinished write either. */
const ELEMENT_BYTES = 16 * 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

export interface Element<T> {
  /** What it says, as its parser gives it. */
  readonly value: T;
  /** The text of the element. */
  readonly json: string;
  /** Its place in the file, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Parses the text of an element, of so many bytes in UTF-8, as JSON.parse does, with its errors.
 *
 * @throws SyntaxError if the text is not JSON
 */
export type ParseElement<T> = (json: string, bytes: number) => T;

/** The file is not an array of objects, or is broken in another place than at its end. */
export class BrokenFileError extends Error {
  readonly offset: number;

  /** @param offset of the fault, in bytes from the beginning of the file */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export class ElementReader<T> {
  readonly size: number;
  readonly #fd: number;
  readonly #parse: ParseElement<T>;
  #buffer = Buffer.alloc(0);
  #window = this.#buffer.subarray(0, 0);
  /** Offset of the window in the file. */
  #start = 0;
  /** Our position in the window. */
  #at = 0;

  /**
   * @param start offset at which reading begins
   * @param size of the file, as far as it is to be read
   */
  constructor(fd: number, parse: ParseElement<T>, start = 0, size = sizeWithoutNuls(fd)) {
    this.#fd = fd;
    this.#parse = parse;
    this.#start = start;
    this.size = size;
    this.#readOn();
    if (start === 0 && this.#window.subarray(0, 3).equals(BYTE_ORDER_MARK)) this.#at = 3;
  }

  get position(): number {
    return this.#start + this.#at;
  }

  /** Skips white space, and returns the next byte; undefined at the end of the file. */
  nextToken(): number | undefined {
    while (true) {
      const byte = this.#window[this.#at];
      if (byte === undefined) {
        if (!this.#readOn()) return undefined;
      } else if (byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB) {
        this.#at += 1;
      } else {
        return byte;
      }
    }
  }

  /** Moves past the next token if it is this one. */
  take(token: number): boolean {
    if (this.nextToken() !== token) return false;
    this.#at += 1;
    return true;
  }

  /** Whether these bytes come next, as far as the file goes. */
  isAt(bytes: Buffer): boolean {
    while (this.#window.length - this.#at < bytes.length && this.#readOn());
    const next = this.#window.subarray(this.#at, this.#at + bytes.length);
    return next.length > 0 && bytes.subarray(0, next.length).equals(next);
  }

  /** Reads an element that fills its line, up to a comma: hardly slower than JSON.parse. */
  elementInLine(): Element<T> | undefined {
    let lineEnd = this.#window.indexOf(NEWLINE, this.#at);
    if (lineEnd < 0 && this.#readOn()) lineEnd = this.#window.indexOf(NEWLINE, this.#at);
    const end = this.#window[lineEnd - 1] === COMMA ? lineEnd - 1 : lineEnd;
    if (this.#window[this.#at] !== OPEN_BRACE || this.#window[end - 1] !== CLOSE_BRACE) {
      return undefined;
    }
    try {
      return this.#take(this.#text(end), end);
    } catch {
      return undefined;
    }
  }

  /** Reads an element up to its closing brace; undefined if the file ends before that. */
  element(): Element<T> | undefined {
    if (this.nextToken() !== OPEN_BRACE) throw this.broken('an element is not an object');
    const end = this.#endOfElement();
    // The end of the file may cut a character in two.
    const text = end === undefined ? this.#window.toString('utf8', this.#at) : this.#text(end);
    try {
      return this.#take(text, end ?? this.#window.length);
    } catch (error) {
      const { message } = error as Error;
      const at = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
      // Cut off by the end of the file, and right so far.
      if (end === undefined && at >= text.length) return undefined;
      throw this.broken('not JSON', Buffer.byteLength(text.slice(0, at)));
    }
  }

  broken(message: string, ahead = 0): BrokenFileError {
    return new BrokenFileError(message, this.position + ahead);
  }

  /** The text from our position to `end`, in the window. */
  #text(end: number): string {
    const bytes = this.#window.subarray(this.#at, end);
    const text = bytes.toString();
    // A file in another encoding must not be taken with its letters replaced.
    if (text.includes('\uFFFD') && !isUtf8(bytes)) throw this.broken('not UTF-8');
    return text;
  }

  #take(json: string, end: number): Element<T> {
    const [offset, length] = [this.position, end - this.#at];
    const value = this.#parse(json, length);
    this.#at = end;
    return { value, json, offset, length };
  }

  /** The end, in the window, of the object that begins at our position. */
  #endOfElement(): number | undefined {
    let depth = 0;
    let isInString = false;
    // Relative to our position, because the window moves.
    for (let ahead = 0; ; ahead++) {
      if (this.#at + ahead >= this.#window.length && !this.#readOn()) return undefined;
      const byte = this.#window[this.#at + ahead];
      if (isInString) {
        if (byte === BACKSLASH) ahead += 1;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) {
        isInString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) return this.#at + ahead + 1;
      }
      if (ahead > ELEMENT_BYTES) throw this.broken('an element without an end');
    }
  }

  /** Appends the next part of the file to the unread rest of the window; false if there is none. */
  #readOn(): boolean {
    const rest = this.#window.subarray(this.#at);
    const position = this.#start + this.#window.length;
    const bytes = Math.min(WINDOW_BYTES, this.size - position);
    if (bytes <= 0) return false;
    if (rest.length + bytes > this.#buffer.length) {
      this.#buffer = Buffer.alloc(2 * (rest.length + bytes));
    }
    this.#buffer.set(rest);
    const read = readSync(this.#fd, this.#buffer, rest.length, bytes, position);
    this.#start += this.#at;
    this.#at = 0;
    this.#window = this.#buffer.subarray(0, rest.length + read);
    return read > 0;
  }
}

/** After a loss of power, a file may be longer than what was written: the rest is NUL bytes. */
function sizeWithoutNuls(fd: number): number {
  let { size } = fstatSync(fd);
  const tail = Buffer.alloc(Math.min(WINDOW_BYTES, size));
  while (size > 0) {
    const length = Math.min(size, tail.length);
    readSync(fd, tail, 0, length, size - length);
    const filled = tail.subarray(0, length).findLastIndex((byte) => byte !== 0) + 1;
    size -= length - filled;
    if (filled > 0) return size;
  }
  return 0;
}
