/**
 * To whom a transaction is relayed: flooding with self-pruning (Lim and Kim, 2000). Our nodes tell
 * each other to whom they are connected, so that no node is sent what it has from another one.
 */

import { LIMITS } from '../limits.js';
import type { AddressBook } from './address-book.js';
import type { Address } from './addresses.js';
import { type Connection, isSameNode, type Peer } from './connection.js';

/** The parts of a connection that decide about routes. */
type End = Pick<Connection, 'address' | 'identity' | 'neighbours'> & {
  readonly isInbound?: boolean;
};
/** The same for a connection that we opened. */
type Dialled = End & { readonly address: Address; readonly isLeftBehind?: boolean };

export class Routes<P extends Dialled = Peer, C extends End = Connection> {
  readonly #peers: ReadonlyMap<string, P>;
  readonly #connections: ReadonlySet<C>;
  readonly #addressBook: AddressBook;
  /** Routes found since the last change: each takes a search. */
  #found = new WeakMap<End, P[]>();
  #undialled: C[] | undefined;
  #named: Map<string, P> | undefined;

  /** All three are read when needed; call `forget` when they change. */
  constructor(
    peers: ReadonlyMap<string, P>,
    connections: ReadonlySet<C>,
    addressBook: AddressBook,
  ) {
    this.#peers = peers;
    this.#connections = connections;
    this.#addressBook = addressBook;
  }

  /**
   * Returns the peers that must be sent what comes over a connection: not the node at its other
   * end, nor those that this node is connected to. If its list of them is stale or false, that
   * costs time but no transaction, because pools are compared.
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
   * Returns the connections that some of our nodes have opened, to whom we have opened none: because
   * they call themselves what we do, or by an address where we do not dial, or where nobody answers.
   * They must be sent what comes over another connection, as far as there are few of them.
   */
  undialled(from: End): C[] {
    this.#undialled ??= this.#findUndialled();
    return this.#undialled.filter((each) => each !== from && !isSameNode(each, from));
  }

  /**
   * Returns our peer at the other end of a connection, if that is certain: the connection is the one
   * that we opened to it, or it has shown us the same mesh-id at the address that it claims. A plain
   * peer that dials us is never known, because the order of the addresses in its HANDSHAKE means
   * nothing: it is sent a copy of its own transaction rather than another peer none.
   */
  peerBehind(connection: End): P | undefined {
    const { address, identity } = connection;
    const peer = address && this.#peers.get(this.keyOf(address));
    if (peer === connection) return peer;
    return identity !== undefined && peer?.identity?.meshId === identity.meshId ? peer : undefined;
  }

  /**
   * Returns the key by which we know the node at an address: that of the peer which has the address
   * in the swarm, or is reached by the swarm and has it as a public one, or the address's own.
   */
  keyOf(address: Address): string {
    this.#named ??= this.#findNames();
    const key = this.#addressBook.resolve(address);
    return this.#peers.has(key) ? key : (this.#named.get(address.key)?.address.key ?? key);
  }

  /** Whether the node at the other end of a connection that we opened has opened one too. */
  hasDialled(peer: P): boolean {
    return [...this.#connections].some((each) => each.isInbound && isSameNode(each, peer));
  }

  /** The connections that our peers have opened, of those who are surely at their other ends. */
  callingPeers(): C[] {
    return [...this.#connections].filter((each) => each.isInbound && this.peerBehind(each));
  }

  /** The peers that identified themselves and keep up. */
  identifiedPeers(): P[] {
    return [...this.#peers.values()].filter(
      ({ identity, isLeftBehind }) => identity !== undefined && !isLeftBehind,
    );
  }

  /** Must be called when a peer comes or goes, or names its neighbours. */
  forget(): void {
    this.#found = new WeakMap();
    this.#undialled = undefined;
    this.#named = undefined;
  }

  #findNames(): Map<string, P> {
    const named = new Map<string, P>();
    for (const peer of this.#peers.values()) {
      const { address, inSwarm } = peer.identity ?? {};
      if (inSwarm !== undefined) named.set(inSwarm.key, peer);
      const isBySwarm = peer.address.scope === 'swarm';
      if (isBySwarm && address?.scope === 'public') named.set(address.key, peer);
    }
    return named;
  }

  #findUndialled(): C[] {
    const byId = new Map<string, C>();
    for (const each of this.#connections) {
      const { identity, isInbound } = each;
      if (!isInbound || identity?.address === undefined) continue;
      if (this.peerBehind(each) === undefined) byId.set(identity.meshId, each);
    }
    return [...byId.values()].slice(0, LIMITS.undialledPeers);
  }

  /** The keys of the addresses that one of our nodes is connected to, by its latest HANDSHAKE. */
  #neighboursOf(sender: P | undefined, connection: End): Set<string> {
    if (sender === undefined) return new Set();
    const teller = [connection, ...this.#connections].find(
      (each) => each.neighbours !== undefined && isSameNode(each, sender),
    );
    return new Set(teller?.neighbours?.map((address) => this.keyOf(address)));
  }
}
