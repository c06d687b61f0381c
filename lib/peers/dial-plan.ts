/** Which addresses to dial now, and when to look again. Pure: times come from the caller. */

import { LIMITS } from '../limits.js';
import type { Address } from './addresses.js';
import type { Entry } from './entry.js';

/** How busy the node is. */
export interface Room {
  /** Number of dials in progress. */
  readonly dialling: number;
  /** Number of peers. */
  readonly connected: number;
  /** Returns the addresses that inbound connections claim. */
  callers(): readonly Address[];
}

export interface DialPlan {
  readonly now: readonly Entry[];
  /** When the next entry is due; Infinity if none waits, or there is no free slot. */
  readonly nextMs: number;
}

/**
 * Plans the next dials.
 *
 * @param candidates the entries to choose from
 * @param slots how many more peers there is room for; known peers are dialled beyond that
 * @param dialling how many dials are in progress
 */
export function planDials(
  candidates: readonly Entry[],
  slots: number,
  dialling: number,
  nowMs: number,
): DialPlan {
  const now: Entry[] = [];
  for (const entry of inDialOrder(candidates, nowMs)) {
    // The end of a dial or of a connection makes a new plan.
    if (dialling + now.length >= LIMITS.dialsAtOnce) return { now, nextMs: Infinity };
    if (now.length >= slots && !entry.isKnown) return { now, nextMs: Infinity };
    now.push(entry);
  }
  return { now, nextMs: nextDueMs(candidates, nowMs) };
}

/**
 * The due entries: known peers first, then those reached before, so that nobody can bury them under
 * addresses that lead nowhere, then those tried least often. Among equals, the one due longest is
 * first.
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
