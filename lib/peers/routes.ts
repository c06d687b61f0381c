/**
 * To whom a transaction goes on: flooding with self-pruning (Lim and Kim, 2000). Peers that
 * recognise each other tell whom they are connected to, so that nobody is told what it knows.
 */

import type { AddressBook } from './address-book.js';
import type { Address } from './addresses.js';
import { type Connection, isSameNode, type Peer } from './connection.js';

/** What has to be known of a connection. */
type End = Pick<Connection, 'address' | 'identity' | 'neighbours'>;
/** What has to be known of one that we dialled. */
type Dialled = End & { readonly address: Address; readonly isLeftBehind?: boolean };

export class Routes<P extends Dialled = Peer> {
  readonly #peers: ReadonlyMap<string, P>;
  readonly #connections: ReadonlySet<End>;
  readonly #addressBook: AddressBook;
  /** The routes found since something changed: each takes a search. */
  #found = new WeakMap<End, P[]>();

  /** All three are read as they are at the time; tell `forget` when they change. */
  constructor(
    peers: ReadonlyMap<string, P>,
    connections: ReadonlySet<End>,
    addressBook: AddressBook,
  ) {
    this.#peers = peers;
    this.#connections = connections;
    this.#addressBook = addressBook;
  }

  /**
   * Returns the peers that need to be told what comes over a connection: not the node at its
   * other end, nor those that it is connected to itself. A stale or false list of them costs
   * time, but no transaction, because pools are compared.
   */
  from(connection: End): P[] {
    const found = this.#found.get(connection);
    if (found !== undefined) return found;
    const sender = this.peerBehind(connection);
    const told = this.#neighboursOf(sender, connection);
    const routes = [...this.#peers.values()].filter(
      (peer) => peer !== sender && (peer.identity === undefined || !told.has(peer.address.key)),
    );
    this.#found.set(connection, routes);
    return routes;
  }

  /**
   * Returns the peer we are connected to that sits at the other end of a connection. Where it
   * says it listens is believed only if we meet the same mesh-id there; so no plain peer can
   * pass for one of ours, though it can for another plain one.
   */
  peerBehind(connection: End): P | undefined {
    const { address, identity } = connection;
    const peer = address && this.#peers.get(this.#addressBook.resolve(address));
    return peer?.identity?.meshId === identity?.meshId ? peer : undefined;
  }

  /** The peers that identified themselves and keep up. */
  identifiedPeers(): P[] {
    return [...this.#peers.values()].filter(
      ({ identity, isLeftBehind }) => identity !== undefined && !isLeftBehind,
    );
  }

  /** To be called when a peer comes or goes, or tells of its neighbours. */
  forget(): void {
    this.#found = new WeakMap();
  }

  /** The keys of the addresses that a node of ours was connected to when it last told us. */
  #neighboursOf(sender: P | undefined, connection: End): Set<string> {
    if (sender === undefined) return new Set();
    const teller = [connection, ...this.#connections].find(
      (each) => each.neighbours !== undefined && isSameNode(each, sender),
    );
    return new Set(teller?.neighbours?.map((address) => this.#addressBook.resolve(address)));
  }
}
