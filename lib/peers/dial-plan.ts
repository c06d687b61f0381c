/** Which addresses to dial now, and when to look again. Pure: times come from the caller. */

import { LIMITS } from '../limits.js';
import type { Address } from './addresses.js';
import type { Entry } from './entry.js';

/** How busy the node is. */
export interface Room {
  /** How many dials are under way. */
  readonly dialling: number;
  /** How many peers there are. */
  readonly connected: number;
  /** Returns the addresses that callers claim. */
  callers(): readonly Address[];
}

export interface DialPlan {
  readonly now: readonly Entry[];
  /** When the next entry falls due; Infinity when none waits, or there is no slot for more. */
  readonly nextMs: number;
}

/**
 * Plans the next dials.
 *
 * @param candidates the entries to choose from
 * @param slots how many more peers there is room for; known peers are dialled beyond that
 * @param dialling how many dials are under way
 */
export function planDials(
  candidates: readonly Entry[],
  slots: number,
  dialling: number,
  nowMs: number,
): DialPlan {
  const now: Entry[] = [];
  for (const entry of inDialOrder(candidates, nowMs)) {
    // An attempt that ends, or a peer that goes, plans anew.
    if (dialling + now.length >= LIMITS.dialsAtOnce) return { now, nextMs: Infinity };
    if (now.length >= slots && !entry.isKnown) return { now, nextMs: Infinity };
    now.push(entry);
  }
  return { now, nextMs: nextDueMs(candidates, nowMs) };
}

/**
 * The entries that are due: known ones first, then those reached before, so that nobody can bury
 * them under addresses that lead nowhere, then those tried least often; among equals, the longest
 * due.
 */
export function inDialOrder(entries: readonly Entry[], nowMs: number): Entry[] {
  const rank = ({ isKnown, isProven, failures }: Entry) =>
    isKnown ? 0 : isProven ? 1 : 2 + failures;
  const due = entries.filter(({ dueMs }) => dueMs <= nowMs);
  return due.sort((a, b) => rank(a) - rank(b) || a.dueMs - b.dueMs);
}

function nextDueMs(entries: readonly Entry[], afterMs: number): number {
  let nextMs = Infinity;
  for (const { dueMs } of entries) {
    if (dueMs > afterMs && dueMs < nextMs) nextMs = dueMs;
  }
  return nextMs;
}
