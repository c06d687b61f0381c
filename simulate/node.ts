/**
 * One run of a node, without sockets: what it knows, and what it decides by the code of node-1.
 * A node that leaves and comes back begins a new run.
 */

import { firstOfEach, whoLeaves } from '../lib/guard/connection-limits.js';
import { type Budgets, newBudgets } from '../lib/guard/rate-limits.js';
import { LIMITS } from '../lib/limits.js';
import { AddressBook } from '../lib/peers/address-book.js';
import type { Address } from '../lib/peers/addresses.js';
import type { Entry } from '../lib/peers/entry.js';
import type { Identity } from '../lib/peers/identity.js';
import { Routes } from '../lib/peers/routes.js';
import { totalSlots } from '../lib/peers/slots.js';
import { handshakeFrame } from '../lib/wire/messages.js';

/** What a HANDSHAKE says; all who get it share it. */
export interface Handshake {
  /** The sender's own first. */
  readonly addresses: readonly Address[];
  readonly neighbours: Address[];
  readonly bytes: number;
}

interface End {
  readonly link: Link;
  readonly address: Address;
  readonly identity: Identity;
  neighbours: Address[] | undefined;
}
/** What the one who has dialled knows of the other. */
export interface Peer extends End {
  readonly entry: Entry;
  openedMs: number;
  isDropped: boolean;
}
/** What the one who was dialled knows of the other. */
export interface Caller extends End {
  heardMs: number;
}

/** A connection. */
export class Link {
  readonly from: Node;
  readonly to: Node;
  readonly latencyMs: number;
  readonly peer: Peer;
  readonly caller: Caller;

  constructor(from: Node, to: Node, entry: Entry, latencyMs: number, nowMs: number) {
    this.from = from;
    this.to = to;
    this.latencyMs = latencyMs;
    this.peer = { ...this.#endAt(to), entry, openedMs: Infinity, isDropped: false };
    this.caller = { ...this.#endAt(from), heardMs: nowMs };
  }

  #endAt({ address, identity }: Node): End {
    return { link: this, address, identity, neighbours: undefined };
  }
}

export class Node {
  readonly place: number;
  readonly address: Address;
  readonly identity: Identity;
  readonly addressBook: AddressBook;
  readonly peers = new Map<string, Peer>();
  readonly callers = new Set<Caller>();
  readonly routes: Routes<Peer>;
  isUp = true;
  /** Dials under way. */
  dialling = 0;
  /** When the next is due. */
  dialMs = Infinity;
  isAnnouncing = false;
  isSpreading = false;
  readonly #maxPeers: number;
  /** Of the callers; undefined when they have changed. */
  #addresses: readonly Address[] | undefined;
  readonly #rateLimits = new Map<string, Budgets>();

  /** @param run different for each node, and each time that it starts */
  constructor(place: number, address: Address, run: number, maxPeers: number) {
    this.place = place;
    this.address = address;
    const meshId = run.toString(16).padStart(32, '0');
    this.identity = { meshId, address, wantsReceipts: false };
    this.addressBook = new AddressBook(address, false, maxPeers);
    this.#maxPeers = maxPeers;
    this.routes = new Routes<Peer>(this.peers, this.callers, this.addressBook);
  }

  /** Takes in a HANDSHAKE, as far as the budgets of its sender allow. */
  hear(handshake: Handshake, from: Peer | Caller, nowMs: number): void {
    const { reading, news } = this.#sourceOf(from, nowMs);
    const { addresses } = handshake;
    let read = 0;
    while (read < addresses.length && reading.take(nowMs)) read += 1;
    const isWhole = read === addresses.length;
    from.neighbours = isWhole ? handshake.neighbours : handshake.neighbours.slice(0, read - 1);
    this.routes.forget();
    for (let i = 0; i < read; i++)
      this.addressBook.hear(addresses[i] as Address, news, nowMs, i === 0);
  }

  /** Lets somebody in who has dialled us, or decides who has to go instead. */
  admit(newcomer: Caller): Caller | undefined {
    this.callers.add(newcomer);
    this.#addresses = undefined;
    const alike = [...this.callers];
    return whoLeaves(newcomer, alike, totalSlots(this.#maxPeers), () =>
      firstOfEach(alike, (each) => this.routes.peerBehind(each)),
    );
  }

  /** Somebody who has dialled us is gone. */
  remove(caller: Caller): void {
    this.callers.delete(caller);
    this.#addresses = undefined;
  }

  /** Someone who is not let in is met where it listens, if there is room for that. */
  hearOf(newcomer: Caller, nowMs: number): void {
    this.addressBook.hear(newcomer.address, this.#sourceOf(newcomer, nowMs).news, nowMs, true);
  }

  /**
   * Whom to dial now, and when to ask again.
   *
   * @param refused one who has dialled us, and found no room
   */
  plan(nowMs: number, refused?: Address): ReturnType<AddressBook['plan']> {
    return this.addressBook.plan(nowMs, {
      dialling: this.dialling,
      connected: this.peers.size,
      callers: () => (refused ? [...this.#callerAddresses(), refused] : this.#callerAddresses()),
    });
  }

  /** What is told to those for whom there is no room: others. */
  referral(random: () => number): Handshake {
    return this.#handshakeOf(this.addressBook.some(LIMITS.peers, random));
  }

  handshake(): Handshake {
    return this.#handshakeOf([...this.peers.values()].map(({ address }) => address));
  }

  #handshakeOf(neighbours: Address[]): Handshake {
    const addresses = [this.address, ...neighbours];
    const bytes = handshakeFrame(addresses.map(({ text }) => text)).length;
    return { addresses, neighbours, bytes };
  }

  #callerAddresses(): readonly Address[] {
    this.#addresses ??= [...this.callers].map(({ address }) => address);
    return this.#addresses;
  }

  #sourceOf({ address }: Peer | Caller, nowMs: number): Budgets {
    const source = this.#rateLimits.get(address.key) ?? newBudgets(nowMs);
    this.#rateLimits.set(address.key, source);
    return source;
  }
}
