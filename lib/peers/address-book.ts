/**
 * The address book: the addresses that a node knows, and when to dial each. Pure: no sockets, no
 * timers; times are in milliseconds of the caller's clock.
 */

import { LIMITS } from '../limits.js';
import type { TokenBucket } from '../token-bucket.js';
import { type Address, isDiallable, type Scope } from './addresses.js';
import { backoffMs } from './backoff.js';
import { type DialPlan, inDialOrder, Places, planDials, type Room } from './dial-plan.js';
import { type Entry, ended, hurry, mayHurry, newEntry } from './entry.js';
import { GivenUp } from './given-up.js';
import { OwnNames } from './own-names.js';
import { totalSlots } from './slots.js';

export class AddressBook {
  readonly #own: Address;
  /** From where we are reached. A name may turn out to lead to a private network. */
  #scope: Scope;
  #mayBePrivate: boolean;
  readonly #keepsSecret: boolean;
  readonly #maxPeers: number;
  readonly #entries = new Map<string, Entry>();
  /** The entries from known-peers.json. */
  readonly #known: Entry[] = [];
  /** Those that are being dialled. */
  readonly #underWay = new Set<Entry>();
  readonly #givenUp = new GivenUp();
  readonly #ownNames: OwnNames;
  readonly #hasSwarm: boolean;

  /**
   * @param own our own address, which never becomes an entry
   * @param keepsSecret whether only addresses with TLS may be learnt, and those of the swarm
   * @param maxPeers the number of peers to look for
   * @param ownInSwarm our own address in the swarm; undefined if we are in none
   */
  constructor(
    own: Address,
    keepsSecret = false,
    maxPeers: number = LIMITS.peers,
    ownInSwarm?: Address,
  ) {
    this.#own = own;
    this.#hasSwarm = ownInSwarm !== undefined;
    this.#ownNames = new OwnNames(own);
    this.#scope = own.scope;
    this.#mayBePrivate = own.name !== undefined;
    this.#keepsSecret = keepsSecret;
    this.#maxPeers = maxPeers;
    if (ownInSwarm !== undefined) this.#ownNames.add(ownInSwarm);
  }

  /**
   * It is known from where our own address is reached: what waits for that is due, or forgotten.
   */
  place(scope: Scope, nowMs: number): void {
    this.#scope = scope;
    this.#mayBePrivate = false;
    for (const [key, entry] of this.#entries) {
      if (!entry.isHeld) continue;
      entry.isHeld = false;
      if (this.isInReach(entry.address)) entry.dueMs = nowMs;
      else this.#entries.delete(key);
    }
  }

  /** Adds an address from known-peers.json, due at once, or another spelling of one. */
  addKnown(address: Address, nowMs: number): void {
    if (this.isOwn(address) || (address.scope === 'swarm' && !this.#hasSwarm)) return;
    const entry = this.#entries.get(address.key) ?? this.#add(address, true, nowMs);
    entry.written.push(address);
  }

  /** Adds an address that was reached in an earlier run, due at once. */
  addRemembered(address: Address, nowMs: number): void {
    if (this.#isFull() || !this.#mayLearn(address)) return;
    this.#add(address, false, nowMs).isProven = true;
  }

  /**
   * Records what a peer says about an address. A new address becomes an entry, due at once, or if it
   * was given up, when that wait is over. One that waits for its next dial is probably back, so its
   * wait is cut short; until it has stayed connected, this happens less and less often, so that
   * nobody can make us hammer a third party. If our spelling of the address has failed, the new
   * spelling is tried once: some hosts listen on only one of IPv4 and IPv6.
   *
   * @param news spends a token for each address that leads to a dial
   * @param isCaller whether the sender names itself: if need be, an untried address gives way to it
   * @returns true if the address is new
   */
  hear(address: Address, news: TokenBucket, nowMs: number, isCaller = false): boolean {
    if (this.isOwn(address)) return false;
    const { key } = address;
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      if (!this.#mayLearn(address) || !news.take(nowMs) || !this.#makeRoom(isCaller)) return false;
      const added = this.#add(address, false, Math.max(nowMs, this.#givenUp.dueMs(key)));
      if (this.#givenUp.has(key)) added.failures = LIMITS.learntAttempts - 1;
      return true;
    }
    const isWaiting = !this.#givenUp.has(key) && mayHurry(entry, nowMs);
    if (isWaiting && news.take(nowMs)) hurry(entry, address, nowMs);
    return false;
  }

  /** All entries, except those that turned out to be the node of another entry. */
  all(): Entry[] {
    return [...this.#entries.values()].filter(({ sameAs }) => sameAs === undefined);
  }

  /**
   * Returns some addresses for a node that looks for peers: those that answer as far as we know.
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

  /** Whether an address is our own, in any spelling and under any name met so far. */
  isOwn(address: Address): boolean {
    return this.#ownNames.has(address);
  }

  /** Whether we may dial an address on a peer's word, or may turn out to. */
  isInReach({ scope }: Address): boolean {
    if (scope === 'swarm') return this.#hasSwarm;
    return isDiallable(this.#scope, scope) || (this.#mayBePrivate && isDiallable('private', scope));
  }

  /** Returns the key of the node at an address; aliases met so far have the key of their node. */
  resolve(address: Address): string {
    return this.#entries.get(address.key)?.sameAs ?? address.key;
  }

  /** The due entries, in the order in which to dial them. */
  due(nowMs: number): Entry[] {
    return inDialOrder([...this.#entries.values()], nowMs);
  }

  /**
   * Returns the entries to dial now, as far as there are slots, and when to ask again. Known peers,
   * and callers, are dialled beyond the number of peers that we look for: we send only over
   * connections that we opened.
   */
  plan(nowMs: number, { dialling, connected, callers }: Room): DialPlan {
    const isFull = dialling + connected >= this.#maxPeers;
    const most = isFull ? totalSlots(this.#maxPeers) : this.#maxPeers;
    const calling = callers();
    const candidates = isFull ? this.#knownAnd(calling) : [...this.#entries.values()];
    const places = new Places(calling, this.#underWay);
    return planDials(candidates, most - dialling - connected, places, nowMs);
  }

  /** Begins a dial, and returns the address to dial. */
  dialling(entry: Entry): Address {
    entry.dueMs = Infinity;
    this.#underWay.add(entry);
    return entry.nextAddress;
  }

  /** A dial has led to a peer. */
  reached(entry: Entry): void {
    this.#underWay.delete(entry);
    entry.isProven = true;
    entry.address = entry.nextAddress;
  }

  /**
   * A dial failed, or a connection ended.
   *
   * @param upMs how long the connection lasted, in ms; 0 for a dial that failed
   * @param random a number from 0 up to 1
   * @returns the wait until the next dial, in ms; undefined if the address is given up
   */
  lost(entry: Entry, upMs: number, nowMs: number, random: number): number | undefined {
    const { key } = entry.address;
    this.#underWay.delete(entry);
    if (ended(entry, upMs)) this.#givenUp.forget(key);
    this.#releaseAliases(entry, nowMs);
    if (!entry.isKnown && entry.failures >= LIMITS.learntAttempts) {
      this.#entries.delete(key);
      this.#givenUp.add(key, nowMs);
      return undefined;
    }
    const waitMs = backoffMs(entry.failures, random);
    entry.dueMs = nowMs + waitMs;
    return waitMs;
  }

  /** An address was given up through no fault of its own: it may be learnt again at once. */
  forgive({ key }: Address): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#givenUp.has(key)) entry.failures = 0;
    this.#givenUp.forget(key);
  }

  /** An entry turned out to be this node: it is not dialled again. */
  foundOurself(entry: Entry): void {
    this.#underWay.delete(entry);
    entry.sameAs = this.#own.key;
    this.#entries.delete(entry.address.key);
    this.#ownNames.add(entry.address);
  }

  /** An entry turned out to be a connected node: it is not dialled while that connection lasts. */
  foundSame(entry: Entry, other: Entry): void {
    this.#underWay.delete(entry);
    entry.isProven = true;
    for (const each of this.#entries.values()) {
      if (each === entry || each.sameAs === entry.address.key) each.sameAs = other.address.key;
    }
  }

  /** Returns the learnt addresses to remember for the next start. */
  worthRemembering(): string[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.isProven && !entry.isKnown)
      .map((entry) => entry.address.text);
  }

  #mayLearn(address: Address): boolean {
    if (this.isOwn(address) || this.#entries.has(address.key)) return false;
    const isEncrypted = address.key.startsWith('wss:') || address.scope === 'swarm';
    if (this.#keepsSecret && !isEncrypted) return false;
    return this.isInReach(address);
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

  /**
   * Makes room for one more address: one that was given up and waits gives way to any, and one that
   * was never dialled to the address of a caller.
   *
   * @returns whether there is room
   */
  #makeRoom(forCaller: boolean): boolean {
    if (!this.#isFull()) return true;
    for (const [key, { isKnown, isProven, dueMs }] of this.#entries) {
      if (isKnown || isProven || dueMs === Infinity) continue;
      if (forCaller || this.#givenUp.has(key)) return this.#entries.delete(key);
    }
    return false;
  }

  #add(address: Address, isKnown: boolean, nowMs: number): Entry {
    const entry = newEntry(address, isKnown, nowMs);
    const isSwarm = address.scope === 'swarm';
    entry.isHeld = !isKnown && !isSwarm && !isDiallable(this.#scope, address.scope);
    if (entry.isHeld) entry.dueMs = Infinity;
    this.#entries.set(address.key, entry);
    if (isKnown) this.#known.push(entry);
    return entry;
  }

  /**
   * With the connection gone, its other names are free to be dialled: they may lead elsewhere now.
   */
  #releaseAliases(entry: Entry, nowMs: number): void {
    for (const alias of this.#entries.values()) {
      if (alias.sameAs !== entry.address.key) continue;
      delete alias.sameAs;
      alias.dueMs = nowMs + backoffMs(1, 0.5);
    }
  }
}
