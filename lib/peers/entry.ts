/** An entry of the address book: an address, and the history of its dials. */

import { LIMITS } from '../limits.js';
import type { Address } from './addresses.js';
import { backoffMs } from './backoff.js';

export interface Entry {
  /** In the spelling that worked, or else in the one learnt first. */
  address: Address;
  /** In the spelling for the next dial. */
  nextAddress: Address;
  /** Its spellings in known-peers.json. */
  readonly written: Address[];
  /** From known-peers.json, and so dialled for ever. A learnt address is given up in the end. */
  readonly isKnown: boolean;
  /** Whether it waits until it is known from where we are reached. */
  isHeld: boolean;
  /** Whether it was ever reached: only such addresses are remembered. */
  isProven: boolean;
  /**
   * Dials in a row that failed, or whose connection was lost; the end of a stable one counts as the
   * first.
   */
  failures: number;
  /**
   * When to dial it; Infinity while it is dialled or connected, or is an alias of another entry.
   */
  dueMs: number;
  /**
   * When a wait last ended early because of news, and how often that was since it was last stable.
   */
  hurriedMs: number;
  hurries: number;
  /** Why the latest dial failed, or the latest connection ended. */
  lastError?: string;
  /** The key of another entry that turned out to be the same node. */
  sameAs?: string;
}

/** A new entry, due at once. */
export function newEntry(address: Address, isKnown: boolean, nowMs: number): Entry {
  return {
    address,
    nextAddress: address,
    written: [],
    isKnown,
    isHeld: false,
    isProven: false,
    failures: 0,
    dueMs: nowMs,
    hurriedMs: -Infinity,
    hurries: 0,
  };
}

/** Whether news of an address would cut its wait short. */
export function mayHurry(entry: Entry, nowMs: number): boolean {
  return entry.dueMs !== Infinity && hurriedDueMs(entry, nowMs) < entry.dueMs;
}

/** Cuts a wait short, because somebody has named the address in this spelling. */
export function hurry(entry: Entry, spelling: Address, nowMs: number): void {
  entry.hurriedMs = hurriedDueMs(entry, nowMs);
  entry.hurries += 1;
  entry.dueMs = entry.hurriedMs;
  entry.nextAddress = spelling;
}

/**
 * A dial has failed, or its connection has ended.
 *
 * @param upMs how long the connection lasted, in ms; 0 for a dial that failed
 * @returns whether the connection was stable
 */
export function ended(entry: Entry, upMs: number): boolean {
  const wasStable = upMs >= LIMITS.stableAfterMs;
  entry.nextAddress = upMs > 0 ? entry.address : nextSpelling(entry);
  entry.failures = wasStable ? 1 : entry.failures + 1;
  if (wasStable) entry.hurries = 0;
  return wasStable;
}

/** The more often waits were cut short, the longer one lasts that is: as if each dial had failed. */
function hurriedDueMs({ hurriedMs, hurries }: Entry, nowMs: number): number {
  return Math.max(nowMs, hurriedMs + backoffMs(hurries + 1, 0.5));
}

/** What to dial after a failure: a person may have written several spellings of one address. */
function nextSpelling({ written, nextAddress, address }: Entry): Address {
  if (written.length < 2) return address;
  return written[(written.indexOf(nextAddress) + 1) % written.length] as Address;
}
