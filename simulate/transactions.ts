/** Which node has which transaction, and how it got there. */

import { LIMITS } from '../lib/limits.js';
import type { Node } from './node.js';

/** A transaction on its way. */
export interface Copy {
  readonly transaction: Transaction;
  readonly hops: number;
  /** Whether a comparison found it somewhere on its way. */
  readonly isLate: boolean;
}

export interface Transaction {
  readonly bornMs: number;
  /** The nodes that were up when it was made, by place. */
  readonly witnesses: readonly (Node | undefined)[];
  /** By place: when it first arrived there, NaN if it did not, and over how many hops. */
  readonly arrivedMs: Float64Array;
  readonly hops: Uint8Array;
  /** By place: 1 if it was relayed all the way there. */
  readonly isRelayed: Uint8Array;
  /** How many times it was sent from one node to another. */
  copies: number;
}

export class Transactions {
  readonly all: Transaction[] = [];

  /** Makes a transaction at a place. */
  add(place: number, nodes: readonly (Node | undefined)[], nowMs: number): Copy {
    const transaction = {
      bornMs: nowMs,
      witnesses: [...nodes],
      arrivedMs: new Float64Array(nodes.length).fill(Number.NaN),
      hops: new Uint8Array(nodes.length),
      isRelayed: new Uint8Array(nodes.length),
      copies: 0,
    };
    this.all.push(transaction);
    const copy = { transaction, hops: 0, isLate: false };
    take(copy, place, nowMs);
    return copy;
  }

  /** A copy has arrived at a place; returns whether it is new there. */
  arrive(copy: Copy, place: number, nowMs: number): boolean {
    copy.transaction.copies += 1;
    return take(copy, place, nowMs);
  }

  /** Copies to a place the settled transactions of another that it lacks; returns the copies. */
  fetch(place: number, from: number, nowMs: number): Copy[] {
    const settledMs = nowMs - LIMITS.settleMs;
    const copies: Copy[] = [];
    for (const transaction of this.all) {
      const { arrivedMs, hops } = transaction;
      const isSettled = (arrivedMs[from] as number) <= settledMs;
      if (!isSettled || !Number.isNaN(arrivedMs[place])) continue;
      const copy = { transaction, hops: (hops[from] as number) + 1, isLate: true };
      this.arrive(copy, place, nowMs);
      copies.push(copy);
    }
    return copies;
  }
}

function take({ transaction, hops, isLate }: Copy, place: number, nowMs: number): boolean {
  if (!Number.isNaN(transaction.arrivedMs[place])) return false;
  transaction.arrivedMs[place] = nowMs;
  transaction.hops[place] = hops;
  transaction.isRelayed[place] = isLate ? 0 : 1;
  return true;
}
