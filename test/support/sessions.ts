/** What a test needs to drive a session between two pools: the pools, in memory, and the driver. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { LIMITS } from '../../lib/limits.js';
import { type KeyPage, MerkleTree } from '../../lib/pool/merkle-tree.js';
import type { Answer, OwnPool, Request } from '../../lib/pool/reconciliation-session.js';
import { KEY_BYTES, type Key } from '../../lib/wire/key.js';
import { CHILDREN } from '../../lib/wire/reconciliation-messages.js';
import type { Transaction } from '../../lib/wire/transaction.js';

export type Steps<T> = Generator<Request, T, Answer>;
export type Answerer = (request: Request) => Answer;

const SMALL_BYTES = 300;

export const keyAt = (prefix: string, rest: number) =>
  Buffer.from(prefix + rest.toString(16).padStart(24 - prefix.length, '0'), 'hex').toString(
    'latin1',
  );
/** One key in eight is that of a large transaction. */
const bytesOf = (key: Key) =>
  key.charCodeAt(KEY_BYTES - 1) % 8 === 0 ? LIMITS.transactionBytes : SMALL_BYTES;
export const transactionOf = (key: Key): Transaction => ({
  id: key,
  key,
  json: '',
  bytes: bytesOf(key),
});

/** Keys all over the tree, the same for a seed. */
export function spread(seed: number, count: number): Key[] {
  return Array.from({ length: count }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest().toString('latin1', 0, KEY_BYTES),
  );
}

/** A pool with a plain list beside its tree. */
export class Pool implements OwnPool {
  readonly tree = new MerkleTree();
  readonly keys: Key[] = [];
  readonly taken: Key[] = [];
  hasRoom = true;

  constructor(keys: readonly Key[]) {
    for (const key of keys) this.add(key);
  }

  get size(): number {
    return this.tree.size;
  }

  add(key: Key): void {
    if (this.tree.add(key)) this.keys.push(key);
  }

  childDigests(name: string): Buffer {
    return this.tree.childDigests(name);
  }

  keysUnder(names: readonly string[], from: number, limit: number): KeyPage {
    return this.tree.keysUnder(names, from, Infinity, limit);
  }

  has(key: Key): boolean {
    return this.tree.placeOf(key) !== undefined;
  }

  take(transactions: readonly Transaction[]): boolean {
    for (const { key } of transactions) {
      this.taken.push(key);
      this.add(key);
    }
    return this.hasRoom;
  }

  /** Answers as a node does, within the same bounds; with no more transactions than `limit`. */
  answer(request: Request, limit = Infinity): Answer {
    if (request.type === 'GET_NODES') {
      const data = request.data.map((name) => Buffer.from(this.childDigests(name)));
      return { type: 'NODES', data };
    }
    if (request.type === 'GET_KEYS') {
      const { nodes, from } = request.data;
      return { type: 'KEYS', data: this.keysUnder(nodes, from, LIMITS.keys) };
    }
    let bytes = 0;
    const data = request.data.filter((key, index) => {
      bytes += bytesOf(key);
      return this.has(key) && index < limit && (index === 0 || bytes <= LIMITS.answerBytes);
    });
    return { type: 'TRANSACTIONS', data: data.map(transactionOf) };
  }
}

/** Drives a session to its end, through whatever requests it makes within the bounds of the wire. */
export function follow<T>(steps: Steps<T>, answer: Answerer): { result: T; requests: number } {
  let step = steps.next();
  for (let requests = 0; ; requests++) {
    if (step.done) return { result: step.value, requests };
    assert.ok(requests < LIMITS.sessionRequests, 'a session without end');
    const { type, data } = step.value;
    const names = type === 'GET_NODES' ? data : type === 'GET_KEYS' ? data.nodes : [];
    assert.ok(names.length <= LIMITS.treeNodes);
    assert.ok(type !== 'GET_TRANSACTIONS' || (data.length > 0 && data.length <= LIMITS.keys));
    step = steps.next(answer(step.value));
  }
}

/**
 * How many requests two pools may cost that hold `all` together. On each level: a page of
 * digests, and of keys, of so many nodes. Beyond that, only pages of keys and answers with
 * transactions that are full.
 */
export function budget(all: readonly Key[]): number {
  const pages = (level: number, perPage: number) =>
    Math.ceil(Math.min(CHILDREN ** level, all.length) / perPage);
  const digests =
    1 + pages(1, LIMITS.treeNodes) + pages(2, LIMITS.treeNodes) + pages(3, LIMITS.treeNodes);
  const keys =
    pages(1, LIMITS.treeNodes) +
    pages(2, LIMITS.treeNodes) +
    pages(3, LIMITS.treeNodes) +
    2 * pages(4, LIMITS.treeNodes) +
    all.length / LIMITS.keys;
  const bytes = all.reduce((sum, key) => sum + bytesOf(key), 0);
  return digests + 2 * keys + bytes / (LIMITS.answerBytes - LIMITS.transactionBytes);
}
