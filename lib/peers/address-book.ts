/**
 * The addresses a node knows of, and when each is to be dialled. Pure: no sockets, no timers;
 * times are milliseconds of whatever clock the caller uses.
 */

import { LIMITS } from '../limits.js';
import type { TokenBucket } from '../token-bucket.js';
import { type Address, isDiallable } from './addresses.js';
import { backoffMs } from './backoff.js';
import { type DialPlan, inDialOrder, planDials, type Room } from './dial-plan.js';
import { type Entry, newEntry } from './entry.js';
import { totalSlots } from './slots.js';

export class AddressBook {
  readonly #own: Address;
  readonly #keepsSecret: boolean;
  readonly #maxPeers: number;
  readonly #entries = new Map<string, Entry>();
  /** Those of them that are from known-peers.json. */
  readonly #known: Entry[] = [];
  /** Other names of this node, the longest known first. */
  readonly #ownNames = new Set<string>();

  /**
   * @param own this node's own address, which never becomes an entry
   * @param keepsSecret whether only addresses with TLS may be dialled
   * @param maxPeers how many peers we look for
   */
  constructor(own: Address, keepsSecret = false, maxPeers: number = LIMITS.peers) {
    this.#own = own;
    this.#keepsSecret = keepsSecret;
    this.#maxPeers = maxPeers;
  }

  /** Adds an address from known-peers.json, due at once. */
  addKnown(address: Address, nowMs: number): void {
    if (!this.isOwn(address) && !this.#entries.has(address.key)) this.#add(address, true, nowMs);
  }

  /** Adds an address that was learnt and reached in an earlier run, due at once. */
  addRemembered(address: Address, nowMs: number): void {
    if (this.#isFull() || !this.#mayLearn(address)) return;
    this.#add(address, false, nowMs).isProven = true;
  }

  /**
   * Takes in what a peer says of an address: a new one becomes an entry; one that waits to be
   * dialled again is probably back, so its wait is cut short; less and less often, until it has
   * stayed, so that nobody can have us hammer a third party. If dialling the spelling we had of it
   * has failed, the new spelling is tried once: not every host listens on IPv4 and IPv6 both.
   *
   * @param news spends a token for each address that leads to a dial
   * @param isCaller whether the sender says it of itself: then an untried address makes room for it
   * @returns true when the address is new
   */
  hear(address: Address, news: TokenBucket, nowMs: number, isCaller = false): boolean {
    if (this.isOwn(address)) return false;
    const entry = this.#entries.get(address.key);
    if (entry === undefined) {
      if (!this.#mayLearn(address)) return false;
      const untried = isCaller && this.#isFull() ? this.#untried() : undefined;
      if (this.#isFull() && untried === undefined) return false;
      if (!news.take(nowMs)) return false;
      if (untried !== undefined) this.#entries.delete(untried.address.key);
      this.#add(address, false, nowMs);
      return true;
    }
    const hurriedMs = Math.max(nowMs, entry.hurriedMs + backoffMs(entry.hurries, 0.5));
    const isWaiting = entry.dueMs !== Infinity;
    if (isWaiting && hurriedMs < entry.dueMs && news.take(nowMs)) {
      entry.hurriedMs = hurriedMs;
      entry.hurries += 1;
      entry.dueMs = hurriedMs;
      entry.nextAddress = address;
    }
    return false;
  }

  /** All entries, except those that turned out to be the same node as another. */
  all(): Entry[] {
    return [...this.#entries.values()].filter(({ sameAs }) => sameAs === undefined);
  }

  /**
   * Returns some of the addresses that answer as far as we know, for a node that looks for peers.
   * Untried ones are included, so that newcomers do not all dial the same few.
   *
   * @param random returns a number from 0 up to 1
   */
  some(count: number, random: () => number): Address[] {
    const answering = this.all().filter(
      ({ isProven, dueMs, failures }) => failures === 0 || (isProven && dueMs === Infinity),
    );
    const some: Address[] = [];
    while (some.length < count && answering.length > 0) {
      const [one] = answering.splice(Math.floor(random() * answering.length), 1);
      if (one !== undefined) some.push(one.address);
    }
    return some;
  }

  /** Tells whether an address is ours, in whatever spelling and under any name met so far. */
  isOwn(address: Address): boolean {
    return address.key === this.#own.key || this.#ownNames.has(address.key);
  }

  /** Returns the key of the node behind an address, seeing through the aliases met so far. */
  resolve(address: Address): string {
    return this.#entries.get(address.key)?.sameAs ?? address.key;
  }

  /** The entries that are due, in the order in which to dial them. */
  due(nowMs: number): Entry[] {
    return inDialOrder([...this.#entries.values()], nowMs);
  }

  /**
   * Returns the entries to dial now, as far as there are slots, and when to ask for the next. Beyond
   * the number of peers that we look for, callers are dialled back: only then do we send them anything.
   */
  plan(nowMs: number, { dialling, connected, callers }: Room): DialPlan {
    const isFull = dialling + connected >= this.#maxPeers;
    const most = isFull ? totalSlots(this.#maxPeers) : this.#maxPeers;
    const candidates = isFull ? this.#knownAnd(callers()) : [...this.#entries.values()];
    return planDials(candidates, most - dialling - connected, dialling, nowMs);
  }

  /** A dial begins. Returns the address to dial. */
  dialling(entry: Entry): Address {
    entry.dueMs = Infinity;
    return entry.nextAddress;
  }

  /** The dial has led to a peer. */
  reached(entry: Entry): void {
    entry.isProven = true;
    entry.address = entry.nextAddress;
  }

  /**
   * A dial failed, or a connection ended.
   *
   * @param upMs how long it was connected; 0 for a dial that failed
   * @param random a number from 0 up to 1
   * @returns how long until the next dial, undefined when the address is given up
   */
  lost(entry: Entry, upMs: number, nowMs: number, random: number): number | undefined {
    entry.nextAddress = entry.address;
    const wasStable = upMs >= LIMITS.stableAfterMs;
    entry.failures = wasStable ? 1 : entry.failures + 1;
    if (wasStable) entry.hurries = 0;
    this.#releaseAliases(entry, nowMs);
    if (!entry.isKnown && entry.failures >= LIMITS.learntAttempts) {
      this.#entries.delete(entry.address.key);
      return undefined;
    }
    const waitMs = backoffMs(entry.failures, random);
    entry.dueMs = nowMs + waitMs;
    return waitMs;
  }

  /** The entry turned out to be this node itself: it is not dialled again. */
  foundOurself(entry: Entry): void {
    const { key } = entry.address;
    entry.sameAs = this.#own.key;
    this.#entries.delete(key);
    this.#ownNames.add(key);
    if (this.#ownNames.size <= LIMITS.ownNames) return;
    const [oldest] = this.#ownNames;
    this.#ownNames.delete(oldest as string);
  }

  /** The entry turned out to be a node we are connected to: not dialled while that lasts. */
  foundSame(entry: Entry, other: Entry): void {
    entry.isProven = true;
    for (const each of this.#entries.values()) {
      if (each === entry || each.sameAs === entry.address.key) each.sameAs = other.address.key;
    }
  }

  /** Returns the learnt addresses worth knowing at the next start. */
  worthRemembering(): string[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.isProven && !entry.isKnown)
      .map((entry) => entry.address.text);
  }

  #mayLearn(address: Address): boolean {
    if (this.isOwn(address) || this.#entries.has(address.key)) return false;
    if (this.#keepsSecret && !address.key.startsWith('wss:')) return false;
    return isDiallable(this.#own.scope, address.scope);
  }

  #isFull(): boolean {
    return this.#entries.size >= LIMITS.learntAddresses;
  }

  #knownAnd(callers: readonly Address[]): Entry[] {
    const found = new Set(this.#known);
    for (const { key } of callers) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) found.add(entry);
    }
    return [...found];
  }

  /** One that we have only heard of. */
  #untried(): Entry | undefined {
    for (const entry of this.#entries.values()) {
      if (!entry.isKnown && !entry.isProven && entry.dueMs !== Infinity) return entry;
    }
    return undefined;
  }

  #add(address: Address, isKnown: boolean, nowMs: number): Entry {
    const entry = newEntry(address, isKnown, nowMs);
    this.#entries.set(address.key, entry);
    if (isKnown) this.#known.push(entry);
    return entry;
  }

  /** With the connection gone, its other names may lead to it, or to somebody else by now. */
  #releaseAliases(entry: Entry, nowMs: number): void {
    for (const alias of this.#entries.values()) {
      if (alias.sameAs !== entry.address.key) continue;
      delete alias.sameAs;
      alias.dueMs = nowMs + backoffMs(1, 0.5);
    }
  }
}
