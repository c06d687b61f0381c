/**
 * Peer exchange: what nodes tell each other about other nodes. A HANDSHAKE names its sender and the
 * nodes that the sender is connected to. A node with no free slot refers newcomers to other nodes.
 */

import { LIMITS } from '../limits.js';
import { count, type Log } from '../log.js';
import type { TokenBucket } from '../token-bucket.js';
import { handshakeFrame } from '../wire/messages.js';
import type { AddressBook } from './address-book.js';
import { type Address, parseAddress } from './addresses.js';
import { type Connection, expel, nameOf, send } from './connection.js';
import { explainAddress } from './dialling.js';
import type { Peers } from './peers.js';
import type { Routes } from './routes.js';
import { totalSlots } from './slots.js';
import { leadsAlike } from './swarm-links.js';

/** What the addresses of one source may cost us. */
export interface ExchangeBudgets {
  /** Pays for each address that is read. */
  readonly reading: TokenBucket;
  /** Pays for each address that is dialled because this source named it. */
  readonly news: TokenBucket;
}

/** Our own address, and how we name others. */
type Names = Pick<Peers, 'own' | 'namesFor'>;

/** How many parsed addresses are remembered. */
const REMEMBERED = 4096;

export class PeerExchange {
  /** Parsed addresses by their text: nodes name the same ones again and again. */
  readonly #remembered = new Map<string, Address>();
  readonly #names: Names;
  readonly #addressBook: AddressBook;
  readonly #routes: Routes;
  readonly #budgetsOf: (connection: Connection) => ExchangeBudgets;
  readonly #log: Log;

  constructor(
    names: Names,
    addressBook: AddressBook,
    routes: Routes,
    budgetsOf: (connection: Connection) => ExchangeBudgets,
    log: Log,
  ) {
    this.#names = names;
    this.#addressBook = addressBook;
    this.#routes = routes;
    this.#budgetsOf = budgetsOf;
    this.#log = log;
  }

  /**
   * Reads a HANDSHAKE. Our nodes name themselves first; of a plain peer, the order means nothing,
   * and any address but ours may be its own. Addresses that lead elsewhere from here count as unsaid.
   *
   * @param texts the addresses
   * @returns true if the sender has named an address for the first time
   */
  read(texts: readonly string[], from: Connection): boolean {
    const hadAddress = from.address !== undefined;
    const { reading } = this.#budgetsOf(from);
    const nowMs = performance.now();
    const addresses = texts
      .flatMap((text) => (reading.take(nowMs) && this.#parse(text)) || [])
      .filter((address) => leadsAlike(address, from));
    from.address ??= addresses.find((address) => !this.#addressBook.isOwn(address));
    if (from.neighbours === undefined) {
      const peers = count(texts.length - 1, 'peer');
      const says = from.identity
        ? `connected to ${peers}`
        : `naming ${count(texts.length, 'node')}`;
      this.#log('handshake from', `${nameOf(from)}, ${says}`);
      const mistake = explainAddress(from, this.#names.own.text, this.#addressBook);
      if (mistake) this.#log('warning', mistake);
    }
    from.neighbours = addresses.slice(1, 1 + totalSlots(LIMITS.peers));
    this.#routes.forget();
    this.hear(addresses, from);
    return !hadAddress && from.address !== undefined;
  }

  /** Adds addresses to the address book, as far as the budgets of their sender allow. */
  hear(addresses: readonly Address[], from: Connection): void {
    const { news } = this.#budgetsOf(from);
    const nowMs = performance.now();
    const learnt = addresses.filter((address) =>
      this.#addressBook.hear(address, news, nowMs, address.key === from.address?.key),
    );
    if (learnt.length > 0) this.#log('learnt', learnt.map(({ text }) => text).join(' '));
  }

  #parse(text: string): Address | undefined {
    const address = this.#remembered.get(text) ?? parseAddress(text);
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    if (address !== undefined) this.#remembered.set(text, address);
    return address;
  }

  /**
   * Refers one of our nodes to others, because it may know nobody else, and closes the connection.
   */
  refer(newcomer: Connection): void {
    if (newcomer.identity?.address) {
      const others = this.#addressBook.some(LIMITS.peers, Math.random).map(({ text }) => text);
      send(newcomer, handshakeFrame(this.#names.namesFor(newcomer, others)));
    }
    expel(newcomer, 1013, 'no room for so many connections');
  }
}
