/**
 * A Merkle tree (Merkle, 1987) over transaction keys: two nodes compare a few digests instead of
 * all keys. It has four levels below its root, and 16 children a node. Pure.
 *
 * A node is named by the hexadecimal digits on the way to it: `''` is the root, `'a3'` is child 3
 * of child a of the root, `'a3f0'` is a leaf. A leaf holds the keys that begin with its name.
 */

import { hash } from '../runtime.js';
import type { Key } from '../wire/key.js';
import { CHILDREN, DIGEST_BYTES } from '../wire/reconciliation-messages.js';
import { KeySet } from './key-set.js';

export const ROOT = '';
export const LEAF_LEVEL = 4;

const LEAVES = CHILDREN ** LEAF_LEVEL;
/** For more leaves than this, a scan of all keys is faster than gathering and sorting. */
const FEW_LEAVES = 256;
/** How many keys one call scans, so that it does not hold up the event loop. */
const KEYS_AT_ONCE = 262_144;
/** The digest of a node without keys. */
const EMPTY = '\0'.repeat(DIGEST_BYTES);
const NONE = -1;
const REMOVED = -2;

/** Keys in order of arrival, and the place to continue from if there may be more. */
export interface KeyPage {
  readonly keys: Key[];
  readonly next?: number;
}

/** A range of leaves. */
interface Range {
  readonly first: number;
  readonly count: number;
}

export class MerkleTree {
  readonly #keys = new KeySet();
  /** A linked list per leaf: its latest place, and for each place the one before it. */
  readonly #latest = new Int32Array(LEAVES).fill(NONE);
  #previous = new Int32Array(1024);
  /** For each level, from the root: the digests of its nodes, concatenated. */
  readonly #digests = eachLevel((nodes) => Buffer.alloc(nodes * DIGEST_BYTES));
  readonly #isStale = eachLevel((nodes) => new Uint8Array(nodes));

  get size(): number {
    return this.#keys.size;
  }

  /** How many keys were ever added, including removed ones. */
  get places(): number {
    return this.#keys.places;
  }

  /** Adds a key; false if it is there already. */
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

  /** The key at a place, also when it was removed. */
  at(place: number): Key {
    return this.#keys.at(place);
  }

  /** The place of a key in order of arrival, from 0; undefined if it is not there. */
  placeOf(key: Key): number | undefined {
    return this.#keys.placeOf(key);
  }

  /**
   * Brings the digests up to date, as far as time allows.
   *
   * @param deadlineMs when to stop, by performance.now()
   * @returns true if all are up to date
   */
  refresh(deadlineMs: number): boolean {
    return this.#refresh(0, 0, deadlineMs);
  }

  /** The digests of a node's children, concatenated; zeros for an empty child. */
  childDigests(name: string): Buffer {
    const index = indexOf(name);
    this.#refresh(name.length, index, Infinity);
    const bytes = CHILDREN * DIGEST_BYTES;
    return this.#digest(name.length + 1).subarray(index * bytes, (index + 1) * bytes);
  }

  /**
   * Returns the keys under some nodes, in order of arrival.
   *
   * @param from the place to begin at
   * @param until the place to stop before
   * @param limit the largest number of keys
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
    // A leaf counts twice if one name is below another.
    return [...new Set(places)].sort((a, b) => a - b);
  }

  /** Finds one key more than `limit` if there is one: the next page begins there. */
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

  /** Marks a leaf and its ancestors as stale, up to one that is stale already. */
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

  /** The input of a node's digest: its children's digests, or the sorted keys of a leaf. */
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

  /** The place in a leaf that was added after another one. */
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
