/**
 * A reconciliation session finds what each of two pools lacks (set reconciliation). The node that
 * asks walks down both trees where their digests differ, fetches what it lacks, and learns what the
 * other lacks. It holds all the state; the node that answers remembers nothing. Pure: a session is a
 * generator of requests, which is given the answer to each.
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

/** What a session needs of our own pool. */
export interface OwnPool {
  /** How many transactions there are, more or less. */
  readonly size: number;
  /** The digests of the children of a node of the tree, one after the other. */
  childDigests(name: string): Buffer;
  /** The keys under some nodes, from a place in the order of their arrival. */
  keysUnder(names: readonly string[], from: number, limit: number): KeyPage;
  has(key: Key): boolean;
  /** Takes in transactions that it lacks; false when there is no room for them. */
  take(transactions: readonly Transaction[]): boolean;
}

/** With more keys than this in so few leaves, we take what we lack, and offer nothing. */
const REMEMBERED_KEYS = 65_536;
const EMPTY = Buffer.alloc(DIGEST_BYTES);

export class Session {
  readonly #own: OwnPool;
  readonly #offer = new Set<Key>();
  /** The keys of what is still to be fetched. */
  readonly #wanted: Key[] = [];
  #requests = 0;
  #wantedKeys = 0;
  #takenBytes = 0;

  constructor(own: OwnPool) {
    this.#own = own;
  }

  /**
   * Compares our pool with another, and takes what ours lacks.
   *
   * @returns the keys of what the other lacks, as many as go into one offer
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
   * Takes the transactions with these keys that our pool lacks.
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
   * Compares the digests of a node's children. What the other has none of, goes into the offer.
   *
   * @returns the children that both have something under, but not the same; and those that only
   * the other has something under
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
   * Takes what we lack under some nodes; the last few once they are enough for a request.
   *
   * @param theirs is filled with the keys that the other has there, up to a limit
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

  /** Offers what we have under some nodes, but for what the other has. */
  #offerUnder(nodes: string[], theirs: Set<Key>): void {
    let from: number | undefined = 0;
    while (from !== undefined && this.#offer.size < LIMITS.keys) {
      const page: KeyPage = this.#own.keysUnder(nodes, from, LIMITS.keys);
      const lacking = page.keys.filter((key) => !theirs.has(key));
      for (const key of lacking.slice(0, LIMITS.keys - this.#offer.size)) this.#offer.add(key);
      from = page.next;
    }
  }

  /** As many as have about as many keys as fit into one answer, if the pools are alike. */
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
