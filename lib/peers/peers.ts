/** What this node knows about other nodes: their addresses, and the connections with them. */

import { randomBytes } from 'node:crypto';
import type { ClientOptions } from 'ws';
import type { Counters } from '../counters.js';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import type { Saver } from '../storage/small-file.js';
import { AddressBook } from './address-book.js';
import { type Address, parseAddress } from './addresses.js';
import { type Connection, isAtHome, isSameNode, type Peer, SOCKET_OPTIONS } from './connection.js';
import { explainAddress, explainClocks } from './dialling.js';
import type { Entry } from './entry.js';
import { identityHeaders } from './identity.js';
import { createLearntPeersSaver, readLearntPeers } from './peer-files.js';
import { Reach } from './reach.js';
import { Routes } from './routes.js';

/** The settings that concern other nodes. */
export interface PeerSettings {
  readonly folder: string;
  /** Our own address, as we announce it. */
  readonly address: string;
  /** The number of peers to look for. */
  readonly maxPeers: number;
  /** Whether NETWORK_SECRET goes to learnt addresses over TLS only. */
  readonly keepsSecret: boolean;
  /** Sent with each dial; the members of a network recognise each other by it. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  /** The certificate authorities that we trust, PEM; undefined for those that Node.js trusts. */
  readonly ca: Buffer | undefined;
}

export class Peers {
  /** Random, new at each start: two connections with one mesh-id lead to one node. */
  readonly meshId = randomBytes(16).toString('hex');
  readonly own: Address;
  readonly addressBook: AddressBook;
  /** The peers we are connected to, by the key of the address we dialled. */
  readonly connected = new Map<string, Peer>();
  /** All sockets of both directions, including those that are still being opened. */
  readonly connections = new Set<Connection>();
  readonly routes: Routes;
  readonly #settings: PeerSettings;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #learnt: Saver;
  readonly #reach: Reach;
  readonly #tell: (peer: Peer) => void;
  #tellTimer: NodeJS.Timeout | undefined;

  private constructor(
    settings: PeerSettings,
    own: Address,
    tell: (peer: Peer) => void,
    counters: Counters,
    log: Log,
  ) {
    this.#tell = tell;
    this.own = own;
    this.#reach = new Reach(own, log);
    this.addressBook = new AddressBook(own, settings.keepsSecret, settings.maxPeers);
    this.routes = new Routes(this.connected, this.connections, this.addressBook);
    this.#settings = settings;
    this.#counters = counters;
    this.#log = log;
    const learnt = () => this.addressBook.worthRemembering();
    this.#learnt = createLearntPeersSaver(settings.folder, learnt, log);
  }

  /**
   * Reads the addresses learnt in earlier runs.
   *
   * @param tell is called with each peer that must be told that our peers have changed
   */
  static open(
    settings: PeerSettings,
    knownPeers: readonly Address[],
    tell: (peer: Peer) => void,
    counters: Counters,
    log: Log,
  ): Peers {
    const own = parseAddress(settings.address) as Address;
    const peers = new Peers(settings, own, tell, counters, log);
    const nowMs = performance.now();
    for (const known of knownPeers) peers.addressBook.addKnown(known, nowMs);
    for (const learnt of readLearntPeers(settings.folder, log)) {
      peers.addressBook.addRemembered(learnt, nowMs);
    }
    return peers;
  }

  /**
   * Finds out from where our own address is reached; resolves when that is known. Until then some
   * learnt addresses wait.
   */
  async locate(): Promise<void> {
    await this.#reach.locate();
    this.addressBook.place(this.#reach.scope, performance.now());
  }

  /** The headers of an upgrade by which our nodes recognise this one. */
  get identityHeaders(): Record<string, string> {
    return identityHeaders(this.meshId, this.#settings.address);
  }

  /** The options of `new WebSocket(…)` for a dial. */
  dialOptions(entry: Entry): ClientOptions {
    const headers = { ...this.identityHeaders, ...this.#settings.secretHeaders };
    const lookup = this.#reach.lookupFor(entry);
    return { ...SOCKET_OPTIONS, headers, ca: this.#settings.ca, lookup } as ClientOptions;
  }

  /**
   * Returns the connection to close if a new one leads to this node itself, or to a node that we
   * are connected to under another address.
   */
  redundant(peer: Peer): { readonly peer: Peer; readonly reason: string } | undefined {
    if (peer.identity?.meshId === this.meshId) {
      this.addressBook.foundOurself(peer.entry);
      return { peer, reason: 'this node itself under another name' };
    }
    const twin = [...this.connected.values()].find((other) => isSameNode(other, peer));
    if (twin === undefined) return undefined;
    const [kept, other] = isAtHome(peer) ? [peer, twin] : [twin, peer];
    this.addressBook.foundSame(other.entry, kept.entry);
    return { peer: other, reason: `the same node as ${kept.address.text}` };
  }

  /**
   * A dial has led to a peer, and the connection stays.
   *
   * @param toldSince how many transactions were added so far: the peer is sent all later ones
   */
  opened(peer: Peer, toldSince: number): void {
    peer.toldSince = toldSince;
    peer.openedMs = performance.now();
    this.connected.set(peer.address.key, peer);
    this.addressBook.reached(peer.entry);
    this.routes.forget();
    this.#counters.count('connected');
    this.#learnt.save();
    this.#tellSoon();
    const difference = explainClocks(peer.clockAheadMs ?? 0);
    if (difference) this.#log('clocks', `that of ${peer.address.text} is ${difference}`);
    const mistake = explainAddress(peer, this.own.text, this.addressBook);
    if (mistake) this.#log('warning', mistake);
  }

  /** A dial has failed, or the connection with a peer has ended: decides when to dial again. */
  closed(peer: Peer, reason: string): void {
    const { entry, address, openedMs } = peer;
    if (this.connected.get(address.key) === peer) {
      this.connected.delete(address.key);
      this.routes.forget();
      this.#tellSoon();
    }
    if (entry.sameAs !== undefined) {
      this.#log('not connected', `${address.text} is ${reason}`);
      return;
    }
    const nowMs = performance.now();
    const upMs = Math.max(0, nowMs - openedMs);
    const waitMs = this.addressBook.lost(entry, upMs, nowMs, Math.random());
    const next = waitMs === undefined ? 'given up' : `again in ${(waitMs / 1000).toFixed(1)} s`;
    if (upMs === 0) this.#counters.count('failed');
    this.#log(upMs > 0 ? 'disconnected' : 'unreachable', `${address.text} (${reason}), ${next}`);
    if (waitMs === undefined) this.#learnt.save();
  }

  /** Resolves when the learnt addresses are on disk. */
  saved(): Promise<void> {
    return this.#learnt.settled();
  }

  /** Several changes in a short time are told in one message. */
  #tellSoon(): void {
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      for (const peer of this.routes.identifiedPeers()) this.#tell(peer);
    }, LIMITS.announceDelayMs).unref();
  }
}
