/**
 * A set of transaction keys in order of arrival. A key takes 28 to 56 bytes; in a Set of strings it
 * would take a hundred. It never stops to grow: each key that is added moves a few of the earlier ones
 * to the larger table. To move a million at once would hold up the event loop for 100 ms.
 *
 * In a large set, each look at another part of the memory waits for that. So a slot holds the hash of
 * its key beside its place: a search goes to the key itself only where the hashes are the same. Pure.
 */

import { randomBytes } from 'node:crypto';
import type { Key } from '../wire/key.js';

const WORDS = 3;
const FIRST_CAPACITY = 1024;
/** Slots per key. With half of the slots free, a search looks at two or three, which are neighbours. */
const SLOTS = 2;
/** The numbers of a slot: a hash, and the place of the key plus one, or 0. */
const WIDTH = 2;
/**
 * How many slots of the smaller table each new key moves. The larger one is full after half as many keys
 * as the smaller one has slots, so two would be just enough.
 */
const MOVED_AT_ONCE = 4;
const GONE = -1;

type Slots = Int32Array<ArrayBuffer>;

export class KeySet {
  /** Number of places. The places of removed keys stay empty. */
  #places = 0;
  #size = 0;
  #words = new Uint32Array(WORDS * FIRST_CAPACITY);
  /** Open addressing, linear probing. A slot is named by the index of its first number. */
  #slots: Slots = new Int32Array(WIDTH * SLOTS * FIRST_CAPACITY);
  /**
   * The smaller table, until all of it is moved: what is moved stays in it too, so that searches still
   * find their way; what is removed is GONE.
   */
  #smaller: Slots = new Int32Array(0);
  /** The first of its slots that is not moved. */
  #moved = 0;
  /** The latest key that was looked for in vain, and the slot where it would go: it may be added next. */
  #missing: Key = '';
  #missingSlot = 0;
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
    if (key !== this.#missing && this.placeOf(key) !== undefined) return false;
    this.#words[WORDS * this.#places] = a;
    this.#words[WORDS * this.#places + 1] = b;
    this.#words[WORDS * this.#places + 2] = c;
    this.#places += 1;
    this.#size += 1;
    this.#slots[this.#missingSlot] = this.#mix(b, c);
    this.#slots[this.#missingSlot + 1] = this.#places;
    this.#missing = '';
    if (this.#smaller.length > 0) this.#moveSome(MOVED_AT_ONCE);
    if (WIDTH * SLOTS * this.#places === this.#slots.length) this.#grow();
    return true;
  }

  /**
   * Removes a key; its place stays empty. Keys that could no longer be found move to the free slot
   * (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R).
   */
  remove(key: Key): void {
    if (this.placeOf(key) === undefined) return;
    this.#size -= 1;
    const [a, b, c] = [wordOf(key, 0), wordOf(key, 4), wordOf(key, 8)];
    if (this.#smaller.length > 0) {
      const left = this.#find(this.#smaller, a, b, c);
      if (this.#smaller[left + 1] !== 0) this.#smaller[left + 1] = GONE;
    }
    let free = this.#find(this.#slots, a, b, c);
    if (this.#slots[free + 1] === 0) return;
    this.#missing = '';
    const mask = this.#slots.length - 1;
    let slot = after(this.#slots, free);
    for (; this.#slots[slot + 1] !== 0; slot = after(this.#slots, slot)) {
      const home = homeIn(this.#slots, this.#slots[slot] as number);
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      this.#slots.copyWithin(free, slot, slot + WIDTH);
      free = slot;
    }
    this.#slots[free + 1] = 0;
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
    const a = wordOf(key, 0);
    const b = wordOf(key, 4);
    const c = wordOf(key, 8);
    const slot = this.#find(this.#slots, a, b, c);
    let found = this.#slots[slot + 1] as number;
    if (found === 0 && this.#smaller.length > 0) {
      found = this.#smaller[this.#find(this.#smaller, a, b, c) + 1] as number;
    }
    if (found !== 0) return found - 1;
    this.#missing = key;
    this.#missingSlot = slot;
    return undefined;
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

  /** The slot of a key in a table, or the free slot where it would go. */
  #find(slots: Slots, a: number, b: number, c: number): number {
    const hash = this.#mix(b, c);
    for (let slot = homeIn(slots, hash); ; slot = after(slots, slot)) {
      const found = slots[slot + 1] as number;
      if (found === 0) return slot;
      if (slots[slot] !== hash || found === GONE) continue;
      const place = found - 1;
      const isSame =
        this.#word(place, 0) === a && this.#word(place, 1) === b && this.#word(place, 2) === c;
      if (isSame) return slot;
    }
  }

  #mix(b: number, c: number): number {
    const mixed = Math.imul(b ^ this.#seed, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b);
    return mixed ^ (mixed >>> 15);
  }

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#smaller = this.#slots;
    this.#moved = 0;
    this.#slots = new Int32Array(2 * this.#smaller.length);
  }

  #moveSome(count: number): void {
    const end = Math.min(this.#moved + WIDTH * count, this.#smaller.length);
    for (; this.#moved < end; this.#moved += WIDTH) {
      const found = this.#smaller[this.#moved + 1] as number;
      if (found === 0 || found === GONE) continue;
      const hash = this.#smaller[this.#moved] as number;
      let slot = homeIn(this.#slots, hash);
      while (this.#slots[slot + 1] !== 0) slot = after(this.#slots, slot);
      this.#slots[slot] = hash;
      this.#slots[slot + 1] = found;
    }
    if (end === this.#smaller.length) this.#smaller = new Int32Array(0);
  }

  #word(place: number, index: number): number {
    return this.#words[WORDS * place + index] as number;
  }
}

/** The slot where the search for a key begins. */
function homeIn(slots: Slots, hash: number): number {
  return (WIDTH * hash) & (slots.length - WIDTH);
}

/** The next slot; after the last comes the first. */
function after(slots: Slots, slot: number): number {
  return (slot + WIDTH) & (slots.length - WIDTH);
}

/** Four bytes of a key, as an unsigned number. */
function wordOf(key: Key, at: number): number {
  const high = (key.charCodeAt(at) << 8) | key.charCodeAt(at + 1);
  const low = (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3);
  return ((high << 16) | low) >>> 0;
}
