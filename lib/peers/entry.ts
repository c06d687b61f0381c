/** An entry of the address book: an address, and the history of its dials. */

import type { Address } from './addresses.js';

export interface Entry {
  /** In the spelling that worked, or else in the one learnt first. */
  address: Address;
  /** In the spelling for the next dial. */
  nextAddress: Address;
  /** From known-peers.json, and so dialled for ever. A learnt address is given up in the end. */
  readonly isKnown: boolean;
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
  /** The key of another entry that turned out to be the same node. */
  sameAs?: string;
}

/** A new entry, due at once. */
export function newEntry(address: Address, isKnown: boolean, nowMs: number): Entry {
  return {
    address,
    nextAddress: address,
    isKnown,
    isProven: false,
    failures: 0,
    dueMs: nowMs,
    hurriedMs: -Infinity,
    hurries: 0,
  };
}
