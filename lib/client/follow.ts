/** The transactions that a node takes, one after the other, whatever happens to the connection. */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../json-source.js';
import { LIMITS } from '../limits.js';
import { isWhole } from '../wire/block.js';
import { isObject } from '../wire/transaction.js';
import { clientBackoffMs } from './client-backoff.js';
import { type Asking, ask, linesOf, unfit } from './http-answers.js';
import { NodeError } from './node-error.js';
import type { Target } from './target.js';

/** A transaction, and where the node has it. */
export interface PlacedTransaction {
  /** The number of its arrival at this node, from 1. Go on from it with `after`. */
  readonly place: number;
  /** The height of the block that holds it, null while it is in the pool. */
  readonly block: number | null;
  /** As its sender made it: any object in JSON. */
  readonly transaction: Readonly<Record<string, unknown>>;
}

/** A connection that has lasted so long is dialled again at once when it breaks. */
const STABLE_MS = LIMITS.stableAfterMs;
/** A node that has left out so many is silent, however impatient the program is. */
const HEARTBEATS = 3;

type Line = Omit<PlacedTransaction, 'transaction'> & {
  /** Null in the first line, which says where the others begin. */
  readonly transaction: PlacedTransaction['transaction'] | null;
};

/**
 * Yields the transactions after a place. When the connection breaks, it goes on where it was, with
 * waits between the tries, until the node is back.
 *
 * @param after undefined for those that come from now on
 * @param onLost told why the node is not reached, once until it is
 * @throws NodeError if the node is not reached at first, refuses, or answers with what does not fit
 */
export async function* follow(
  target: Target,
  after: number | undefined,
  asking: Asking,
  onLost: (error: Error) => void,
): AsyncGenerator<PlacedTransaction, void, undefined> {
  let place = after;
  let hasBegun = false;
  let isTold = false;
  for (let failures = 0; ; ) {
    let begunMs: number | undefined;
    try {
      for await (const { transaction, ...where } of linesAfter(target, place, asking)) {
        if (transaction === null) begunMs = performance.now();
        else yield { ...where, transaction };
        place = where.place;
        hasBegun = true;
      }
    } catch (error) {
      if (!(error instanceof NodeError) || error.isForGood || !hasBegun) throw error;
      if (begunMs === undefined && !isTold) onLost(error);
      isTold = begunMs === undefined;
      const hasLasted = begunMs !== undefined && performance.now() - begunMs > STABLE_MS;
      failures = hasLasted ? 0 : failures + 1;
    }
    if (failures > 0) await sleep(clientBackoffMs(failures), undefined, asking).catch(() => {});
    asking.signal.throwIfAborted();
  }
}

/** One answer to GET /transactions?follow. */
async function* linesAfter(
  target: Target,
  after: number | undefined,
  { patienceMs, signal }: Asking,
): AsyncGenerator<Line, void, undefined> {
  const { address } = target;
  const path = `/transactions?follow${after === undefined ? '' : `&after=${after}`}`;
  const response = await ask(target, path, { patienceMs, signal });
  if (response === undefined) throw unfit(address, 'nothing at /transactions');
  // A node says something at least every heartbeatMs.
  const silenceMs = Math.max(patienceMs, HEARTBEATS * LIMITS.heartbeatMs);
  let place: number | undefined;
  for await (const text of linesOf(response, address, { patienceMs: silenceMs, signal })) {
    const line = parseLine(text);
    if (line === undefined) throw unfit(address, 'what is no transaction');
    if ((line.transaction === null) !== (place === undefined) || line.place <= (place ?? -1)) {
      throw unfit(address, 'places in disorder');
    }
    if (place === undefined && line.place !== (after ?? line.place)) {
      throw unfit(address, 'another place than asked for');
    }
    place = line.place;
    yield line;
  }
}

function parseLine(text: string): Line | undefined {
  const line = parseJson(text);
  if (!isObject(line)) return undefined;
  const { place, block, transaction } = line;
  if (!isWhole(place) || !(block === null || isWhole(block))) return undefined;
  return transaction === null || isObject(transaction) ? { place, block, transaction } : undefined;
}
