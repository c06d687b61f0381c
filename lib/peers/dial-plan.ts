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

/** The kinds of addresses, each with a place of its own among the dials. */
const KINDS = ['known', 'caller', 'proven', 'heard of'] as const;
type Kind = (typeof KINDS)[number];

/** How an address is found: by the node itself, by a name server, or in the swarm. */
type Way = 'itself' | 'name' | 'swarm';

/**
 * The dials in progress, of several kinds of addresses. However many of a kind do not answer, they
 * never keep the other kinds waiting: each kind has one place, and all of them share the others.
 * Nor do names that no name server answers for, nor keys that nobody in the swarm has: these have as
 * many places for themselves.
 */
export class Places {
  readonly #callers: ReadonlySet<string>;
  readonly #taken: Readonly<Record<Way, Map<Kind, number>>> = {
    itself: new Map(),
    name: new Map(),
    swarm: new Map(),
  };

  constructor(callers: readonly Address[], underWay: Iterable<Entry>) {
    this.#callers = new Set(callers.map(({ key }) => key));
    for (const entry of underWay) this.take(entry);
  }

  isFreeFor(entry: Entry): boolean {
    const taken = this.#takenBeside(entry);
    if (!taken.has(this.#kindOf(entry))) return true;
    let shared = 0;
    for (const number of taken.values()) shared += number - 1;
    return shared < LIMITS.dialsAtOnce - KINDS.length;
  }

  take(entry: Entry): void {
    const taken = this.#takenBeside(entry);
    const kind = this.#kindOf(entry);
    taken.set(kind, (taken.get(kind) ?? 0) + 1);
  }

  #takenBeside({ address }: Entry): Map<Kind, number> {
    if (address.scope === 'swarm') return this.#taken.swarm;
    return address.name === undefined ? this.#taken.itself : this.#taken.name;
  }

  #kindOf({ isKnown, isProven, address }: Entry): Kind {
    if (isKnown) return 'known';
    if (this.#callers.has(address.key)) return 'caller';
    return isProven ? 'proven' : 'heard of';
  }
}

/**
 * Plans the next dials.
 *
 * @param candidates the entries to choose from
 * @param slots how many more peers there is room for; known peers are dialled beyond that
 * @param places those of the dials in progress, and of the planned ones in the end
 */
export function planDials(
  candidates: readonly Entry[],
  slots: number,
  places: Places,
  nowMs: number,
): DialPlan {
  const now: Entry[] = [];
  for (const entry of inDialOrder(candidates, nowMs)) {
    // The end of a dial or of a connection makes a new plan.
    if (now.length >= slots && !entry.isKnown) return { now, nextMs: Infinity };
    if (!places.isFreeFor(entry)) continue;
    places.take(entry);
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
