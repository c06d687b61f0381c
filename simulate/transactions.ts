/** Who has which transaction, and how it came there. */

import { LIMITS } from '../lib/limits.js';
import type { Node } from './node.js';

/** A transaction on its way. */
export interface Copy {
  readonly transaction: Transaction;
  readonly hops: number;
  /** Whether it was found by comparing somewhere on its way, not relayed all of it. */
  readonly isLate: boolean;
}

export interface Transaction {
  readonly bornMs: number;
  /** Who was up when it was made, by place. */
  readonly witnesses: readonly (Node | undefined)[];
  /** By place: when it was first there, NaN where it is not, and over how many hops. */
  readonly arrivedMs: Float64Array;
  readonly hops: Uint8Array;
  /** Where it was relayed to all of the way. */
  readonly isRelayed: Uint8Array;
  /** How often it was sent from one node to another. */
  copies: number;
}

export class Transactions {
  readonly all: Transaction[] = [];

  /** Makes one, at a place. */
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

  /** A copy has come to a place; true when it is new there. */
  arrive(copy: Copy, place: number, nowMs: number): boolean {
    copy.transaction.copies += 1;
    return take(copy, place, nowMs);
  }

  /** Brings to a place what another has had for a while and it lacks; returns that. */
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
