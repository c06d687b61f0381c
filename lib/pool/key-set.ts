/**
 * A set of transaction keys in order of arrival. A key takes 20 to 40 bytes; in a Set of strings it
 * would take a hundred. Pure.
 */

import { randomBytes } from 'node:crypto';
import type { Key } from '../wire/key.js';

const WORDS = 3;
const FIRST_CAPACITY = 1024;
/** Slots per key. With half of the slots free, a search looks at two or three. */
const SLOTS = 2;

export class KeySet {
  /** Number of places. The places of removed keys stay empty. */
  #places = 0;
  #size = 0;
  #words = new Uint32Array(WORDS * FIRST_CAPACITY);
  /** Open addressing, linear probing: the place of a key plus one, or 0. */
  #slots = new Int32Array(SLOTS * FIRST_CAPACITY);
  /** Secret, so that nobody can choose ids that collide. */
  readonly #seed = randomBytes(4).readInt32LE();

  get size(): number {
    return this.#size;
  }

  /** How many keys were ever added, including removed ones. */
  get places(): number {
    return this.#places;
  }

  /** Adds a key; false if it is there already. */
  add(key: Key): boolean {
    const a = wordOf(key, 0);
    const b = wordOf(key, 4);
    const c = wordOf(key, 8);
    const slot = this.#find(a, b, c);
    if (this.#slots[slot] !== 0) return false;
    this.#words[WORDS * this.#places] = a;
    this.#words[WORDS * this.#places + 1] = b;
    this.#words[WORDS * this.#places + 2] = c;
    this.#places += 1;
    this.#size += 1;
    this.#slots[slot] = this.#places;
    if (SLOTS * this.#places === this.#slots.length) this.#grow();
    return true;
  }

  /**
   * Removes a key; its place stays empty. Keys that could no longer be found move to the free slot
   * (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R).
   */
  remove(key: Key): void {
    let free = this.#find(wordOf(key, 0), wordOf(key, 4), wordOf(key, 8));
    if (this.#slots[free] === 0) return;
    this.#size -= 1;
    const mask = this.#slots.length - 1;
    for (let slot = (free + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf((this.#slots[slot] as number) - 1);
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      this.#slots[free] = this.#slots[slot] as number;
      free = slot;
    }
    this.#slots[free] = 0;
  }

  /** Removes all keys but the first `places`; the next key gets the place after these. */
  truncate(places: number): void {
    for (let place = this.#places - 1; place >= places; place--) {
      const key = this.at(place);
      if (this.placeOf(key) === place) this.remove(key);
    }
    this.#places = places;
  }

  /** The place of a key in order of arrival, from 0; undefined if it is not there. */
  placeOf(key: Key): number | undefined {
    const found = this.#slots[this.#find(wordOf(key, 0), wordOf(key, 4), wordOf(key, 8))] as number;
    return found === 0 ? undefined : found - 1;
  }

  /** The key at a place. */
  at(place: number): Key {
    const a = this.#word(place, 0);
    const b = this.#word(place, 1);
    const c = this.#word(place, 2);
    // biome-ignore format: a line a word
    return String.fromCharCode(
      a >>> 24, (a >>> 16) & 255, (a >>> 8) & 255, a & 255,
      b >>> 24, (b >>> 16) & 255, (b >>> 8) & 255, b & 255,
      c >>> 24, (c >>> 16) & 255, (c >>> 8) & 255, c & 255,
    );
  }

  /** The first 16 bits of the key at a place. */
  prefixAt(place: number): number {
    return this.#word(place, 0) >>> 16;
  }

  /** The slot of a key, or the free slot where it would go. */
  #find(a: number, b: number, c: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#slotFor(b, c);
    for (let place = 0; ; slot = (slot + 1) & mask) {
      place = (this.#slots[slot] as number) - 1;
      if (place < 0) return slot;
      const isSame =
        this.#word(place, 0) === a && this.#word(place, 1) === b && this.#word(place, 2) === c;
      if (isSame) return slot;
    }
  }

  /** The slot where the search for a key at a place begins. */
  #homeOf(place: number): number {
    return this.#slotFor(this.#word(place, 1), this.#word(place, 2));
  }

  #slotFor(b: number, c: number): number {
    const mixed = Math.imul(b ^ this.#seed, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.#slots.length - 1);
  }

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (const slot of old) {
      if (slot === 0) continue;
      const place = slot - 1;
      const free = this.#find(this.#word(place, 0), this.#word(place, 1), this.#word(place, 2));
      this.#slots[free] = slot;
    }
  }

  #word(place: number, index: number): number {
    return this.#words[WORDS * place + index] as number;
  }
}

/** Four bytes of a key, as an unsigned number. */
function wordOf(key: Key, at: number): number {
  const high = (key.charCodeAt(at) << 8) | key.charCodeAt(at + 1);
  const low = (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3);
  return ((high << 16) | low) >>> 0;
}
