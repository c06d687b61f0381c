/** The key of a transaction: a short fingerprint of its id, by which pools are compared. Pure. */

import { hash } from '../runtime.js';

/** The first 96 bits of a SHA-256, as a string with one character (0 to 255) per byte. */
export type Key = string;

// V8 copies a slice as short as this; a longer one would keep the whole digest in memory.
export const KEY_BYTES = 12;

/**
 * The key of a transaction: the start of the SHA-256 of its id, in UTF-8. An id that is a string is
 * in double quotes, so that 1 and "1" differ.
 */
export function keyOf(id: string | number): Key {
  return keyOfText(typeof id === 'string' ? `"${id}"` : String(id));
}

/**
 * @param text the id, in double quotes if it is a string; bytes are UTF-8. To get the hash as bytes would
 * take three times as long.
 */
export function keyOfText(text: string | Buffer): Key {
  return hash('sha256', text, 'binary').slice(0, KEY_BYTES);
}
