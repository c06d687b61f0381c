/**
 * A set of transaction keys that two nodes can compare by a few digests instead of key by key:
 * a Merkle tree (Merkle, 1987) of four levels below its root, 16 children a node. Pure.
 *
 * A node is named by the hexadecimal digits on the way to it: `''` is the root, `'a3'` the child
 * 3 of the child a of the root, `'a3f0'` a leaf. A leaf holds the keys that begin with its name.
 */

import { hash } from 'node:crypto';
import type { Key } from '../wire/key.js';
import { CHILDREN, DIGEST_BYTES } from '../wire/reconciliation-messages.js';
import { KeySet } from './key-set.js';

export const ROOT = '';
export const LEAF_LEVEL = 4;

const LEAVES = CHILDREN ** LEAF_LEVEL;
/** Beyond so many leaves, looking through all keys is quicker than gathering and sorting. */
const FEW_LEAVES = 256;
/** How many keys one call looks through, that none may hold up the event loop. */
const KEYS_AT_ONCE = 262_144;
/** The digest of what has no keys in it, or none any more. */
const EMPTY = '\0'.repeat(DIGEST_BYTES);
const NONE = -1;
const REMOVED = -2;

/** Some keys in the order of their arrival, and where to go on if there may be more. */
export interface KeyPage {
  readonly keys: Key[];
  readonly next?: number;
}

/** Some leaves in a row. */
interface Range {
  readonly first: number;
  readonly count: number;
}

export class MerkleTree {
  readonly #keys = new KeySet();
  /** The places of the keys in a leaf: the latest of each leaf, and of each key the one before. */
  readonly #latest = new Int32Array(LEAVES).fill(NONE);
  #previous = new Int32Array(1024);
  /** By level, the root's first: the digests of its nodes, one after the other. */
  readonly #digests = eachLevel((nodes) => Buffer.alloc(nodes * DIGEST_BYTES));
  readonly #isStale = eachLevel((nodes) => new Uint8Array(nodes));

  get size(): number {
    return this.#keys.size;
  }

  /** How many keys have been added, those included that were removed. */
  get places(): number {
    return this.#keys.places;
  }

  /** Adds a key; false when it is there already. */
  add(key: Key): boolean {
    const place = this.#keys.places;
    if (!this.#keys.add(key)) return false;
    if (place === this.#previous.length) this.#previous = doubled(this.#previous);
    const leaf = this.#keys.prefixAt(place);
    this.#previous[place] = this.#latest[leaf] as number;
    this.#latest[leaf] = place;
    this.#markStale(leaf);
    return true;
  }

  /** Removes a key; its place stays empty. */
  remove(key: Key): void {
    const place = this.#keys.placeOf(key);
    if (place === undefined) return;
    const leaf = this.#keys.prefixAt(place);
    const before = this.#previous[place] as number;
    if (this.#latest[leaf] === place) this.#latest[leaf] = before;
    else this.#previous[this.#placeAfter(place, leaf)] = before;
    this.#previous[place] = REMOVED;
    this.#keys.remove(key);
    this.#markStale(leaf);
  }

  /** The place of a key in the order of arrival, from 0; undefined when it is not there. */
  placeOf(key: Key): number | undefined {
    return this.#keys.placeOf(key);
  }

  /**
   * Brings the digests up to date, as far as there is time.
   *
   * @param deadlineMs when to stop, by performance.now()
   * @returns true when all are up to date
   */
  refresh(deadlineMs: number): boolean {
    return this.#refresh(0, 0, deadlineMs);
  }

  /** The digests of a node's children, one after the other; zeros for a child that is empty. */
  childDigests(name: string): Buffer {
    const index = indexOf(name);
    this.#refresh(name.length, index, Infinity);
    const bytes = CHILDREN * DIGEST_BYTES;
    return this.#digest(name.length + 1).subarray(index * bytes, (index + 1) * bytes);
  }

  /**
   * The keys under some nodes, in the order of their arrival.
   *
   * @param from the place to begin at
   * @param until the place to stop before
   * @param limit how many keys at most
   */
  keysUnder(names: readonly string[], from: number, until: number, limit: number): KeyPage {
    const ranges = names.map(leavesUnder);
    const isFew = ranges.reduce((sum, { count }) => sum + count, 0) <= FEW_LEAVES;
    const end = Math.min(until, this.#keys.places);
    const stop = isFew ? end : Math.min(end, from + KEYS_AT_ONCE);
    const places = isFew ? this.#gather(ranges, from, end) : this.#scan(ranges, from, stop, limit);
    const keys = places.slice(0, limit).map((place) => this.#keys.at(place));
    const next = places[limit] ?? stop;
    return next < end ? { keys, next } : { keys };
  }

  #gather(ranges: readonly Range[], from: number, end: number): number[] {
    const places: number[] = [];
    for (const { first, count } of ranges) {
      for (let leaf = first; leaf < first + count; leaf++) {
        for (const place of this.#placesIn(leaf)) {
          if (place >= from && place < end) places.push(place);
        }
      }
    }
    // Twice, if one name is under another.
    return [...new Set(places)].sort((a, b) => a - b);
  }

  /** Finds one more than `limit`, if there is one: that is where the next page begins. */
  #scan(ranges: readonly Range[], from: number, stop: number, limit: number): number[] {
    const isWanted = new Uint8Array(LEAVES);
    for (const { first, count } of ranges) isWanted.fill(1, first, first + count);
    const places: number[] = [];
    for (let place = from; place < stop && places.length <= limit; place++) {
      if (this.#previous[place] === REMOVED) continue;
      if (isWanted[this.#keys.prefixAt(place)] === 1) places.push(place);
    }
    return places;
  }

  /** From the leaf up, as far as its ancestors are not stale already. */
  #markStale(leaf: number): void {
    let index = leaf;
    for (let level = LEAF_LEVEL; level >= 0; level--) {
      const isStale = this.#isStale[level] as Uint8Array;
      if (isStale[index] === 1) return;
      isStale[index] = 1;
      index >>= 4;
    }
  }

  #refresh(level: number, index: number, deadlineMs: number): boolean {
    const isStale = this.#isStale[level] as Uint8Array;
    if (isStale[index] === 0) return true;
    if (level < LEAF_LEVEL) {
      for (let child = index * CHILDREN; child < (index + 1) * CHILDREN; child++) {
        if (!this.#refresh(level + 1, child, deadlineMs)) return false;
      }
    } else if (performance.now() > deadlineMs) {
      return false;
    }
    const content = this.#content(level, index);
    const isLeaf = level === LEAF_LEVEL;
    const isEmpty = isLeaf ? content.length === 0 : content.every((byte) => byte === 0);
    const digest = isEmpty ? EMPTY : hash('sha256', content, 'binary');
    this.#digest(level).write(digest, index * DIGEST_BYTES, DIGEST_BYTES, 'latin1');
    isStale[index] = 0;
    return true;
  }

  /** What a node's digest is made of: its children's digests or, of a leaf, its sorted keys. */
  #content(level: number, index: number): Buffer {
    if (level === LEAF_LEVEL) {
      const keys = this.#placesIn(index)
        .map((place) => this.#keys.at(place))
        .sort();
      return Buffer.from(keys.join(''), 'latin1');
    }
    const bytes = CHILDREN * DIGEST_BYTES;
    return this.#digest(level + 1).subarray(index * bytes, (index + 1) * bytes);
  }

  /** The place in a leaf that was taken after another one. */
  #placeAfter(place: number, leaf: number): number {
    let after = this.#latest[leaf] as number;
    while (this.#previous[after] !== place) after = this.#previous[after] as number;
    return after;
  }

  #digest(level: number): Buffer {
    return this.#digests[level] as Buffer;
  }

  #placesIn(leaf: number): number[] {
    const places: number[] = [];
    let place = this.#latest[leaf] as number;
    for (; place !== NONE; place = this.#previous[place] as number) places.push(place);
    return places;
  }
}

function eachLevel<T>(make: (nodes: number) => T): T[] {
  return Array.from({ length: LEAF_LEVEL + 1 }, (_, level) => make(CHILDREN ** level));
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

function indexOf(name: string): number {
  return name === '' ? 0 : Number.parseInt(name, 16);
}

function leavesUnder(name: string): Range {
  const count = CHILDREN ** (LEAF_LEVEL - name.length);
  return { first: indexOf(name) * count, count };
}
