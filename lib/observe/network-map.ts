/** The network as one node sees it: the nodes it has heard of, and the links they report. */

import { LIMITS } from '../limits.js';
import type { AddressBook } from '../peers/address-book.js';
import type { Address } from '../peers/addresses.js';
import type { Connection, Peer } from '../peers/connection.js';
import type { Connections } from '../peers/connections.js';
import type { Entry } from '../peers/entry.js';
import type { Routes } from '../peers/routes.js';

export interface MappedNode {
  readonly address: string;
  /** `lost`: will be dialled again. `reported`: only named by others, or in a file. */
  readonly state: 'self' | 'connected' | 'dialling' | 'lost' | 'reported';
  /** Whether a connected node is a plain peer. */
  readonly isStranger?: boolean;
  /** How long a connected node took to answer a ping, in ms, rounded. */
  readonly roundTripMs?: number;
}

export interface NetworkMap {
  readonly nodes: readonly MappedNode[];
  /** Pairs of indices of `nodes`, the lower one first; each pair once. */
  readonly links: readonly (readonly [number, number])[];
  /** How many further nodes there are. */
  readonly leftOut: number;
}

/** What a map is drawn from; read when needed. */
export interface View {
  readonly own: Address;
  readonly swarm: { readonly address: string } | undefined;
  readonly addressBook: AddressBook;
  readonly connected: ReadonlyMap<string, Peer>;
  readonly connections: Connections;
  readonly routes: Routes;
}

/**
 * Draws the map: this node first, then its peers, then those it dials, then those named by peers.
 */
export function mapNetwork({ own, addressBook, connected, connections, routes }: View): NetworkMap {
  const nodes: MappedNode[] = [];
  const places = new Map<string, number>();
  const leftOut = new Set<string>();
  const links = new Map<number, [number, number]>();

  function add(key: string, node: MappedNode): void {
    if (places.has(key)) return;
    if (nodes.length < LIMITS.shownNodes) places.set(key, nodes.push(node) - 1);
    else leftOut.add(key);
  }

  function link(keyA: string, keyB: string): void {
    const [a, b] = [places.get(keyA), places.get(keyB)];
    if (a === undefined || b === undefined || a === b) return;
    const [low, high] = a < b ? [a, b] : [b, a];
    links.set(low * LIMITS.shownNodes + high, [low, high]);
  }

  add(own.key, { address: own.text, state: 'self' });
  for (const [key, { address, identity, roundTripMs }] of connected) {
    const isStranger = identity === undefined;
    const trip = roundTripMs === undefined ? {} : { roundTripMs: Math.round(roundTripMs) };
    add(key, { address: address.text, state: 'connected', isStranger, ...trip });
    link(own.key, key);
  }
  for (const entry of addressBook.all()) {
    add(entry.address.key, { address: entry.address.text, state: stateOf(entry) });
  }
  const told = neighboursOf(connections, routes);
  for (const [peer, neighbours] of told) {
    for (const address of neighbours) {
      const key = addressBook.isOwn(address) ? own.key : routes.keyOf(address);
      add(key, { address: address.text, state: 'reported' });
      link(peer.address.key, key);
    }
  }
  return { nodes, links: [...links.values()], leftOut: leftOut.size };
}

/** The state of a node that we are not connected to. */
function stateOf({ dueMs, failures }: Entry): MappedNode['state'] {
  if (dueMs === Infinity) return 'dialling';
  return failures > 0 ? 'lost' : 'reported';
}

/**
 * The neighbours of each peer, by its latest HANDSHAKE on its first connection: anybody can open
 * other connections in its name.
 */
function neighboursOf(
  connections: ReadonlySet<Connection>,
  routes: Routes,
): Map<Peer, readonly Address[]> {
  const told = new Map<Peer, readonly Address[]>();
  for (const connection of connections) {
    const peer = connection.neighbours && routes.peerBehind(connection);
    if (peer !== undefined && !told.has(peer)) told.set(peer, connection.neighbours ?? []);
  }
  return told;
}
