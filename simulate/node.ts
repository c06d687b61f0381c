/**
 * One run of a node, without sockets: what it knows, and what it decides with the code of node-1.
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

/** The content of a HANDSHAKE, one object for all its recipients. */
export interface Handshake {
  /** The sender's own address comes first. */
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
/** What the node that dialled knows about the other end. */
export interface Peer extends End {
  readonly entry: Entry;
  openedMs: number;
  isDropped: boolean;
}
/** What the node that was dialled knows about the other end. */
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
  readonly routes: Routes<Peer, Caller>;
  isUp = true;
  /** Dials under way. */
  dialling = 0;
  /** When the next dial is due. */
  dialMs = Infinity;
  isAnnouncing = false;
  isSpreading = false;
  readonly #maxPeers: number;
  /** The addresses of the callers; undefined after these have changed. */
  #addresses: readonly Address[] | undefined;
  readonly #rateLimits = new Map<string, Budgets>();

  /** @param run a number that differs for each node and each of its starts */
  constructor(place: number, address: Address, run: number, maxPeers: number) {
    this.place = place;
    this.address = address;
    const meshId = run.toString(16).padStart(32, '0');
    this.identity = { meshId, address, wantsReceipts: false };
    this.addressBook = new AddressBook(address, false, maxPeers);
    this.#maxPeers = maxPeers;
    this.routes = new Routes<Peer, Caller>(this.peers, this.callers, this.addressBook);
  }

  /** Records what a HANDSHAKE says, as far as the budgets of its sender allow. */
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

  /** Adds a caller; returns the caller that has to leave for that, if any: it may be this one. */
  admit(newcomer: Caller): Caller | undefined {
    this.callers.add(newcomer);
    this.#addresses = undefined;
    const alike = [...this.callers];
    return whoLeaves(newcomer, alike, totalSlots(this.#maxPeers), () =>
      firstOfEach(alike, (each) => this.routes.peerBehind(each)),
    );
  }

  /** A caller is gone. */
  remove(caller: Caller): void {
    this.callers.delete(caller);
    this.#addresses = undefined;
  }

  /** Records the address of a caller that got no slot: we dial it if there is room for that. */
  hearOf(newcomer: Caller, nowMs: number): void {
    this.addressBook.hear(newcomer.address, this.#sourceOf(newcomer, nowMs).news, nowMs, true);
  }

  /**
   * Returns whom to dial now, and when to ask again.
   *
   * @param refused the address of a caller that got no slot
   */
  plan(nowMs: number, refused?: Address): ReturnType<AddressBook['plan']> {
    return this.addressBook.plan(nowMs, {
      dialling: this.dialling,
      connected: this.peers.size,
      callers: () => (refused ? [...this.#callerAddresses(), refused] : this.#callerAddresses()),
    });
  }

  /** The addresses of other nodes, for a caller that gets no slot. */
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
