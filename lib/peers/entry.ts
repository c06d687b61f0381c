/** An entry of the address book: an address, and how dialling it has gone. */

import type { Address } from './addresses.js';

export interface Entry {
  /** In the spelling that has worked, or else was learnt first. */
  address: Address;
  /** In the spelling to dial next. */
  nextAddress: Address;
  /** From known-peers.json: dialled for ever. One learnt from a peer is given up in the end. */
  readonly isKnown: boolean;
  /** Whether it was ever reached: only such addresses are worth remembering. */
  isProven: boolean;
  /** Attempts in a row that failed, or that were lost again before they were stable. */
  failures: number;
  /** When to dial; Infinity while it is dialled, connected, or the same as another. */
  dueMs: number;
  /** When a peer's news of it last cut its wait short, and how often that did no good. */
  hurriedMs: number;
  hurries: number;
  /** The key of the address that turned out to be the same node. */
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
