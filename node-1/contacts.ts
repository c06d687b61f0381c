/**
 * The addresses a node knows of, and when each is to be dialled. Pure: no sockets, no timers;
 * times are milliseconds of whatever clock the caller uses.
 */

import { type Address, isDiallable } from './addresses.js';
import { backoffMs } from './backoff.js';
import { LIMITS } from './config.js';
import type { TokenBucket } from './token-bucket.js';

export interface Contact {
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

/** Whom to dial, and when. */
interface Plan {
  readonly now: readonly Contact[];
  /** When the next contact falls due; Infinity when none waits, or there is no room for it. */
  readonly nextMs: number;
}

export class Contacts {
  readonly #own: Address;
  readonly #contacts = new Map<string, Contact>();
  /** Other names of this node, the longest known first. */
  readonly #ownNames = new Set<string>();

  readonly #keepsSecret: boolean;

  /**
   * @param own this node's own address, which never becomes a contact
   * @param keepsSecret whether we tell who we are to nobody but over TLS
   */
  constructor(own: Address, keepsSecret = false) {
    this.#own = own;
    this.#keepsSecret = keepsSecret;
  }

  /** Adds an address from known-peers.json, due at once. */
  addKnown(address: Address, nowMs: number): void {
    if (!this.isOwn(address) && !this.#contacts.has(address.key)) this.#add(address, true, nowMs);
  }

  /** Adds an address that was learnt and reached in an earlier run, due at once. */
  addRemembered(address: Address, nowMs: number): void {
    if (!this.#mayLearn(address)) return;
    this.#add(address, false, nowMs).isProven = true;
  }

  /**
   * Takes in what a peer says of an address: a new one becomes a contact; one that waits to be
   * dialled again is probably back, so its wait is cut short; less and less often, until it has
   * stayed, lest we hammer a third party on somebody's word. If dialling the spelling we had of it
   * has failed, the new spelling is tried once: not every host listens on IPv4 and IPv6 both.
   *
   * @param news spends a token for each address that leads to a dial
   * @returns true when the address is new
   */
  hear(address: Address, news: TokenBucket, nowMs: number): boolean {
    if (this.isOwn(address)) return false;
    const contact = this.#contacts.get(address.key);
    if (contact === undefined) {
      if (!this.#mayLearn(address) || !news.take(nowMs)) return false;
      this.#add(address, false, nowMs);
      return true;
    }
    const hurriedMs = Math.max(nowMs, contact.hurriedMs + backoffMs(contact.hurries, 0.5));
    const isWaiting = contact.dueMs !== Infinity;
    if (isWaiting && hurriedMs < contact.dueMs && news.take(nowMs)) {
      contact.hurriedMs = hurriedMs;
      contact.hurries += 1;
      contact.dueMs = hurriedMs;
      contact.nextAddress = address;
    }
    return false;
  }

  /** All contacts, but for those that turned out to be the same node as another. */
  all(): Contact[] {
    return [...this.#contacts.values()].filter(({ sameAs }) => sameAs === undefined);
  }

  /** Tells whether an address is ours, in whatever spelling and under any name met so far. */
  isOwn(address: Address): boolean {
    return address.key === this.#own.key || this.#ownNames.has(address.key);
  }

  /** Returns the key of the node behind an address, seeing through the aliases met so far. */
  resolve(address: Address): string {
    return this.#contacts.get(address.key)?.sameAs ?? address.key;
  }

  /**
   * Returns the contacts to dial now: known ones first, then those reached before, so that
   * nobody can bury them under addresses that lead nowhere, then those tried least often; among
   * equals, the longest due.
   */
  due(nowMs: number): Contact[] {
    const rank = ({ isKnown, isProven, failures }: Contact) =>
      isKnown ? 0 : isProven ? 1 : 2 + failures;
    const due = [...this.#contacts.values()].filter((contact) => contact.dueMs <= nowMs);
    return due.sort((a, b) => rank(a) - rank(b) || a.dueMs - b.dueMs);
  }

  /**
   * Returns whom to dial now, as far as the limits allow, and when to ask for the next.
   *
   * @param dialling how many dials are under way
   * @param connected how many peers there are
   */
  plan(nowMs: number, dialling: number, connected: number): Plan {
    const places = LIMITS.peers - connected - dialling;
    const now: Contact[] = [];
    for (const contact of this.due(nowMs)) {
      // An attempt that ends, or a peer that goes, asks again.
      if (dialling + now.length >= LIMITS.dialsAtOnce) return { now, nextMs: Infinity };
      if (now.length >= places && !contact.isKnown) return { now, nextMs: Infinity };
      now.push(contact);
    }
    return { now, nextMs: this.nextDueMs(nowMs) };
  }

  /** When the next contact falls due after some time; Infinity when none waits. */
  nextDueMs(afterMs = -Infinity): number {
    let nextMs = Infinity;
    for (const { dueMs } of this.#contacts.values()) {
      if (dueMs > afterMs && dueMs < nextMs) nextMs = dueMs;
    }
    return nextMs;
  }

  /** A dial begins. Returns the address to dial. */
  dialling(contact: Contact): Address {
    contact.dueMs = Infinity;
    return contact.nextAddress;
  }

  /** The dial has led to a peer. */
  reached(contact: Contact): void {
    contact.isProven = true;
    contact.address = contact.nextAddress;
  }

  /**
   * A dial failed, or a connection ended.
   *
   * @param upMs how long it was connected; 0 for a dial that failed
   * @param random a number from 0 up to 1
   * @returns how long until the next dial, undefined when the address is given up
   */
  lost(contact: Contact, upMs: number, nowMs: number, random: number): number | undefined {
    contact.nextAddress = contact.address;
    const wasStable = upMs >= LIMITS.stableAfterMs;
    contact.failures = wasStable ? 1 : contact.failures + 1;
    if (wasStable) contact.hurries = 0;
    this.#releaseAliases(contact, nowMs);
    if (!contact.isKnown && contact.failures >= LIMITS.learntAttempts) {
      this.#contacts.delete(contact.address.key);
      return undefined;
    }
    const waitMs = backoffMs(contact.failures, random);
    contact.dueMs = nowMs + waitMs;
    return waitMs;
  }

  /** The contact turned out to be this node itself: it is not dialled again. */
  foundOurself(contact: Contact): void {
    const { key } = contact.address;
    contact.sameAs = this.#own.key;
    this.#contacts.delete(key);
    this.#ownNames.add(key);
    if (this.#ownNames.size <= LIMITS.ownNames) return;
    const [oldest] = this.#ownNames;
    this.#ownNames.delete(oldest as string);
  }

  /** The contact turned out to be a node we are connected to: not dialled while that lasts. */
  foundSame(contact: Contact, other: Contact): void {
    contact.isProven = true;
    for (const each of this.#contacts.values()) {
      if (each === contact || each.sameAs === contact.address.key) each.sameAs = other.address.key;
    }
  }

  /** Returns the learnt addresses worth knowing at the next start. */
  worthRemembering(): string[] {
    return [...this.#contacts.values()]
      .filter((contact) => contact.isProven && !contact.isKnown)
      .map((contact) => contact.address.text);
  }

  #mayLearn(address: Address): boolean {
    if (this.isOwn(address) || this.#contacts.has(address.key)) return false;
    if (this.#contacts.size >= LIMITS.learntAddresses) return false;
    if (this.#keepsSecret && !address.key.startsWith('wss:')) return false;
    return isDiallable(this.#own.scope, address.scope);
  }

  #add(address: Address, isKnown: boolean, nowMs: number): Contact {
    const contact: Contact = {
      address,
      nextAddress: address,
      isKnown,
      isProven: false,
      failures: 0,
      dueMs: nowMs,
      hurriedMs: -Infinity,
      hurries: 0,
    };
    this.#contacts.set(address.key, contact);
    return contact;
  }

  /** With the connection gone, its other names may lead to it, or to somebody else by now. */
  #releaseAliases(contact: Contact, nowMs: number): void {
    for (const alias of this.#contacts.values()) {
      if (alias.sameAs !== contact.address.key) continue;
      delete alias.sameAs;
      alias.dueMs = nowMs + backoffMs(1, 0.5);
    }
  }
}
