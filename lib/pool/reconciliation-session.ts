/**
 * A reconciliation session finds what each of two pools lacks (set reconciliation). The asking node
 * walks down both trees where their digests differ, fetches what it lacks, and learns what the
 * other lacks. It holds all the state; the answering node holds none. Pure: a session is a
 * generator that yields requests and is given the answers.
 */

import { LIMITS } from '../limits.js';
import { PeerError } from '../peers/peer-error.js';
import type { Key } from '../wire/key.js';
import type { Message } from '../wire/messages.js';
import type { ReconciliationMessage } from '../wire/reconciliation-messages.js';
import { CHILDREN, DIGEST_BYTES } from '../wire/reconciliation-messages.js';
import type { Transaction } from '../wire/transaction.js';
import { type KeyPage, LEAF_LEVEL, ROOT } from './merkle-tree.js';

export type Request = ReconciliationMessage<'GET_NODES' | 'GET_KEYS' | 'GET_TRANSACTIONS'>;
export type Answer = Message<'NODES' | 'KEYS' | 'TRANSACTIONS'>;
type Steps<T> = Generator<Request, T, Answer>;

/** What a session needs from our pool. */
export interface OwnPool {
  /** The approximate number of transactions. */
  readonly size: number;
  /** The digests of the children of a tree node, concatenated. */
  childDigests(name: string): Buffer;
  /** The keys under some nodes, from a place in order of arrival. */
  keysUnder(names: readonly string[], from: number, limit: number): KeyPage;
  has(key: Key): boolean;
  /** Adds transactions; false if there is no room for them. */
  take(transactions: readonly Transaction[]): boolean;
}

/** With more keys than this in so few leaves, we fetch what we lack and offer nothing. */
const REMEMBERED_KEYS = 65_536;
const EMPTY = Buffer.alloc(DIGEST_BYTES);

export class Session {
  readonly #own: OwnPool;
  readonly #offer = new Set<Key>();
  /** Keys that are still to be fetched. */
  readonly #wanted: Key[] = [];
  #requests = 0;
  #wantedKeys = 0;
  #takenBytes = 0;

  constructor(own: OwnPool) {
    this.#own = own;
  }

  /**
   * Compares our pool with another one, and fetches what ours lacks.
   *
   * @returns the keys that the other pool lacks, as many as one offer holds
   * @throws PeerError
   */
  *compare(): Steps<Key[]> {
    let differing = [ROOT];
    for (let level = 0; level < LEAF_LEVEL; level++) {
      const below: string[] = [];
      const missing: string[] = [];
      for (const names of chunks(differing, LIMITS.treeNodes)) {
        const theirs = yield* this.#getNodes(names);
        for (const [index, name] of names.entries()) {
          const children = this.#compareChildren(name, theirs[index] as Buffer);
          below.push(...children.differing);
          missing.push(...children.missing);
        }
      }
      for (const names of chunks(missing, LIMITS.treeNodes)) yield* this.#takeUnder(names);
      differing = below;
    }
    for (const leaves of chunks(differing, this.#leavesAtOnce())) {
      const theirs = new Set<Key>();
      yield* this.#takeUnder(leaves, theirs);
      if (theirs.size < REMEMBERED_KEYS) this.#offerUnder(leaves, theirs);
    }
    yield* this.fetch(this.#wanted.splice(0));
    return [...this.#offer];
  }

  /**
   * Fetches those of these keys that our pool lacks.
   *
   * @returns nothing to offer
   * @throws PeerError
   */
  *fetch(keys: readonly Key[]): Steps<Key[]> {
    let wanted = [...new Set(keys)].filter((key) => !this.#own.has(key));
    while (wanted.length > 0) {
      this.#wantedKeys += wanted.length;
      const { type, data } = yield* this.#ask({ type: 'GET_TRANSACTIONS', data: wanted });
      if (type !== 'TRANSACTIONS') throw new PeerError(`${type} for an answer`);
      let next = 0;
      for (const { key, bytes } of data) {
        next = wanted.indexOf(key, next) + 1;
        if (next === 0) throw new PeerError('a transaction that was not asked for');
        this.#takenBytes += bytes;
      }
      if (next === 0) throw new PeerError('keys, but not their transactions');
      if (!this.#own.take(data)) throw new PeerError('more than our pool can take');
      wanted = wanted.slice(next).filter((key) => !this.#own.has(key));
    }
    return [];
  }

  /**
   * Compares the digests of a node's children. Keys under a child that is empty on the other side
   * go into the offer.
   *
   * @returns the children that differ and have keys on both sides, and those that have keys on the
   * other side alone
   */
  #compareChildren(name: string, theirs: Buffer): { differing: string[]; missing: string[] } {
    const ours = this.#own.childDigests(name);
    const differing: string[] = [];
    const missing: string[] = [];
    for (let child = 0; child < CHILDREN; child++) {
      const ourDigest = digestAt(ours, child);
      const theirDigest = digestAt(theirs, child);
      const childName = name + child.toString(16);
      if (ourDigest.equals(theirDigest)) continue;
      if (theirDigest.equals(EMPTY)) this.#offerUnder([childName], new Set());
      else if (ourDigest.equals(EMPTY)) missing.push(childName);
      else differing.push(childName);
    }
    return { differing, missing };
  }

  /**
   * Fetches what we lack under some nodes. A request is sent when there are enough keys for one.
   *
   * @param theirs is filled with the other pool's keys there, up to a limit
   */
  *#takeUnder(nodes: string[], theirs?: Set<Key>): Steps<void> {
    let from: number | undefined = 0;
    while (from !== undefined) {
      const page: KeyPage = yield* this.#getKeys(nodes, from);
      for (const key of page.keys) {
        if (theirs !== undefined && theirs.size < REMEMBERED_KEYS) theirs.add(key);
        if (!this.#own.has(key)) this.#wanted.push(key);
      }
      while (this.#wanted.length >= LIMITS.keys) {
        yield* this.fetch(this.#wanted.splice(0, LIMITS.keys));
      }
      from = page.next;
    }
  }

  /** Offers the keys that we have under some nodes and the other has not. */
  #offerUnder(nodes: string[], theirs: Set<Key>): void {
    let from: number | undefined = 0;
    while (from !== undefined && this.#offer.size < LIMITS.keys) {
      const page: KeyPage = this.#own.keysUnder(nodes, from, LIMITS.keys);
      const lacking = page.keys.filter((key) => !theirs.has(key));
      for (const key of lacking.slice(0, LIMITS.keys - this.#offer.size)) this.#offer.add(key);
      from = page.next;
    }
  }

  /** Takes as many leaves as hold about one answer's worth of keys, if the pools are alike. */
  #leavesAtOnce(): number {
    const leaves = CHILDREN ** LEAF_LEVEL;
    const full = Math.floor((LIMITS.keys * leaves) / Math.max(1, this.#own.size));
    return Math.min(LIMITS.treeNodes, Math.max(1, full));
  }

  *#getNodes(names: string[]): Steps<Buffer[]> {
    const { type, data } = yield* this.#ask({ type: 'GET_NODES', data: names });
    if (type !== 'NODES') throw new PeerError(`${type} for an answer`);
    if (data.length !== names.length) throw new PeerError('digests of other nodes');
    return data;
  }

  *#getKeys(nodes: string[], from: number): Steps<KeyPage> {
    const { type, data } = yield* this.#ask({ type: 'GET_KEYS', data: { nodes, from } });
    if (type !== 'KEYS') throw new PeerError(`${type} for an answer`);
    if (data.next !== undefined && data.next <= from) throw new PeerError('the same keys again');
    return data;
  }

  *#ask(request: Request): Steps<Answer> {
    this.#requests += 1;
    if (this.#requests > LIMITS.sessionRequests) throw new PeerError('requests without end');
    if (this.#wantedKeys > LIMITS.sessionKeys) throw new PeerError('keys without end');
    if (this.#takenBytes > LIMITS.sessionBytes) throw new PeerError('transactions without end');
    return yield request;
  }
}

function digestAt(digests: Buffer, child: number): Buffer {
  return digests.subarray(child * DIGEST_BYTES, (child + 1) * DIGEST_BYTES);
}

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
