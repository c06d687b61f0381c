/** Reads the tokens and the elements of an array file, a window of it at a time. */

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

/** How much of the file is in memory at once: so much, and an element. */
const WINDOW_BYTES = 1024 * 1024;
/** Longer than anything that a node writes, and so no unfinished write. */
const ELEMENT_BYTES = 16 * 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

export interface Element {
  readonly value: unknown;
  /** Its text. */
  readonly json: string;
  /** Where in the file it begins, and how long it is, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/** A file that is not an array of objects, or is broken elsewhere than at its end. */
export class BrokenFileError extends Error {
  readonly offset: number;

  /** @param offset the place, in bytes from the beginning of the file */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export class ElementReader {
  readonly size: number;
  readonly #fd: number;
  #buffer = Buffer.alloc(2 * WINDOW_BYTES);
  #window = this.#buffer.subarray(0, 0);
  /** Where in the file the window begins. */
  #start = 0;
  /** How far we are, from the beginning of the window. */
  #at = 0;

  constructor(fd: number) {
    this.#fd = fd;
    this.size = sizeWithoutNuls(fd);
    this.#readOn();
    if (this.#window.subarray(0, 3).equals(BYTE_ORDER_MARK)) this.#at = 3;
  }

  get position(): number {
    return this.#start + this.#at;
  }

  /** Skips white space, and returns the byte behind it; undefined at the end of the file. */
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

  /** Goes behind the next token if it is this one. */
  take(token: number): boolean {
    if (this.nextToken() !== token) return false;
    this.#at += 1;
    return true;
  }

  /** Reads an element that is a line, but for a comma: hardly slower than JSON.parse. */
  elementInLine(): Element | undefined {
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

  /** Reads an element by looking for its closing brace; undefined when the file ends before it. */
  element(): Element | undefined {
    if (this.nextToken() !== OPEN_BRACE) throw this.broken('an element is not an object');
    const end = this.#endOfElement();
    // What is cut off may end within a character.
    const text = end === undefined ? this.#window.toString('utf8', this.#at) : this.#text(end);
    try {
      return this.#take(text, end ?? this.#window.length);
    } catch (error) {
      const { message } = error as Error;
      const at = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
      // What is cut off is right up to its end.
      if (end === undefined && at >= text.length) return undefined;
      throw this.broken('not JSON', Buffer.byteLength(text.slice(0, at)));
    }
  }

  broken(message: string, ahead = 0): BrokenFileError {
    return new BrokenFileError(message, this.position + ahead);
  }

  /** The text from here to a place in the window. */
  #text(end: number): string {
    const bytes = this.#window.subarray(this.#at, end);
    const text = bytes.toString();
    // A file in another encoding must not be passed on with its letters replaced.
    if (text.includes('\uFFFD') && !isUtf8(bytes)) throw this.broken('not UTF-8');
    return text;
  }

  #take(json: string, end: number): Element {
    const element = {
      value: JSON.parse(json) as unknown,
      json,
      offset: this.position,
      length: end - this.#at,
    };
    this.#at = end;
    return element;
  }

  /** The place in the window behind the object that begins here. */
  #endOfElement(): number | undefined {
    let depth = 0;
    let isInString = false;
    // Counted from here, because the window moves on.
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

  /** Puts the next part of the file behind what is still to be read; false when there is none. */
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

/** A file system that lost power may have made a file longer, and not yet have filled it. */
function sizeWithoutNuls(fd: number): number {
  const tail = Buffer.alloc(WINDOW_BYTES);
  for (let { size } = fstatSync(fd); size > 0; ) {
    const length = Math.min(size, tail.length);
    readSync(fd, tail, 0, length, size - length);
    const filled = tail.subarray(0, length).findLastIndex((byte) => byte !== 0) + 1;
    size -= length - filled;
    if (filled > 0) return size;
  }
  return 0;
}
