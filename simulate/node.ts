/**
 * One run of a node, without sockets: what it knows, and what it decides by the code of node-1.
 * A node that leaves and comes back begins a new run.
 */

import type { Address } from '../node-1/addresses.js';
import type { Announcement } from '../node-1/announcement.js';
import { LIMITS } from '../node-1/config.js';
import { type Contact, Contacts } from '../node-1/contacts.js';
import { firstOfEach, whoLeaves } from '../node-1/crowd.js';
import { handshakeFrame } from '../node-1/messages.js';
import { placesOfAll } from '../node-1/places.js';
import { Routes } from '../node-1/routes.js';
import { newSource, type Source } from '../node-1/sources.js';

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
  readonly announcement: Announcement;
  neighbours: Address[] | undefined;
}
/** What the one who has dialled knows of the other. */
export interface Peer extends End {
  readonly contact: Contact;
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

  constructor(from: Node, to: Node, contact: Contact, latencyMs: number, nowMs: number) {
    this.from = from;
    this.to = to;
    this.latencyMs = latencyMs;
    this.peer = { ...this.#endAt(to), contact, openedMs: Infinity, isDropped: false };
    this.caller = { ...this.#endAt(from), heardMs: nowMs };
  }

  #endAt({ address, announcement }: Node): End {
    return { link: this, address, announcement, neighbours: undefined };
  }
}

export class Node {
  readonly place: number;
  readonly address: Address;
  readonly announcement: Announcement;
  readonly contacts: Contacts;
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
  readonly #sources = new Map<string, Source>();

  /** @param run different for each node, and each time that it starts */
  constructor(place: number, address: Address, run: number, maxPeers: number) {
    this.place = place;
    this.address = address;
    const meshId = run.toString(16).padStart(32, '0');
    this.announcement = { meshId, address, wantsReceipts: false };
    this.contacts = new Contacts(address, false, maxPeers);
    this.#maxPeers = maxPeers;
    this.routes = new Routes<Peer>(this.peers, this.callers, this.contacts);
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
      this.contacts.hear(addresses[i] as Address, news, nowMs, i === 0);
  }

  /** Lets somebody in who has dialled us, or decides who has to go instead. */
  admit(newcomer: Caller): Caller | undefined {
    this.callers.add(newcomer);
    this.#addresses = undefined;
    const alike = [...this.callers];
    return whoLeaves(newcomer, alike, placesOfAll(this.#maxPeers), () =>
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
    this.contacts.hear(newcomer.address, this.#sourceOf(newcomer, nowMs).news, nowMs, true);
  }

  /**
   * Whom to dial now, and when to ask again.
   *
   * @param refused one who has dialled us, and found no room
   */
  plan(nowMs: number, refused?: Address): ReturnType<Contacts['plan']> {
    return this.contacts.plan(nowMs, {
      dialling: this.dialling,
      connected: this.peers.size,
      callers: () => (refused ? [...this.#callerAddresses(), refused] : this.#callerAddresses()),
    });
  }

  /** What is told to those for whom there is no room: others. */
  referral(random: () => number): Handshake {
    return this.#handshakeOf(this.contacts.some(LIMITS.peers, random));
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

  #sourceOf({ address }: Peer | Caller, nowMs: number): Source {
    const source = this.#sources.get(address.key) ?? newSource(nowMs);
    this.#sources.set(address.key, source);
    return source;
  }
}
