/** What this node knows about other nodes: their addresses, and the connections with them. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ClientOptions } from 'ws';
import type { Counters } from '../counters.js';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import type { Saver } from '../storage/small-file.js';
import { Swarm, type SwarmSettings } from '../swarm/index.js';
import { TokenBucket } from '../token-bucket.js';
import { AddressBook } from './address-book.js';
import { type Address, parseAddress } from './addresses.js';
import { isBySwarm } from './by-swarm.js';
import {
  type Connection,
  directness,
  isSameNode,
  type Peer,
  SOCKET_OPTIONS,
} from './connection.js';
import { Connections } from './connections.js';
import { explainAddress, explainClocks } from './dialling.js';
import type { Entry } from './entry.js';
import { headerLines, identityHeaders, SWARM_HEADER } from './identity.js';
import { createLearntPeersSaver, readLearntPeers } from './peer-files.js';
import { Reach } from './reach.js';
import { Routes } from './routes.js';
import { leadsAlike, SwarmLinks } from './swarm-links.js';

/** The settings that concern other nodes. */
export interface PeerSettings extends SwarmSettings {
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
  readonly connections = new Connections();
  readonly routes: Routes;
  /** Undefined for a node that is in no swarm. */
  readonly swarm: Swarm | undefined;
  readonly #swarmLinks: SwarmLinks | undefined;
  /** Pays for each address that is dialled because the DHT, or a peer of the swarm, named it. */
  readonly #news = new TokenBucket(LIMITS.learntAtOnce, performance.now(), LIMITS.learntPerSecond);
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
    swarm: Swarm | undefined,
    tell: (peer: Peer) => void,
    counters: Counters,
    log: Log,
  ) {
    this.#tell = tell;
    this.own = own;
    this.#reach = new Reach(own, log);
    this.swarm = swarm;
    this.#swarmLinks = swarm && new SwarmLinks(swarm);
    const ownInSwarm = this.#swarmLinks?.own;
    this.addressBook = new AddressBook(own, settings.keepsSecret, settings.maxPeers, ownInSwarm);
    this.routes = new Routes(this.connected, this.connections, this.addressBook);
    this.#settings = settings;
    this.#counters = counters;
    this.#log = log;
    const learnt = () => this.addressBook.worthRemembering();
    this.#learnt = createLearntPeersSaver(settings.folder, learnt, log);
  }

  /**
   * Reads the addresses learnt in earlier runs, and opens the swarm.
   *
   * @param tell is called with each peer that must be told that our peers have changed
   */
  static async open(
    settings: PeerSettings,
    knownPeers: readonly Address[],
    tell: (peer: Peer) => void,
    counters: Counters,
    log: Log,
  ): Promise<Peers> {
    const own = parseAddress(settings.address) as Address;
    const swarm = await Swarm.open(settings, log);
    const peers = new Peers(settings, own, swarm, tell, counters, log);
    const nowMs = performance.now();
    for (const known of knownPeers) peers.addressBook.addKnown(known, nowMs);
    for (const learnt of readLearntPeers(settings.folder, log)) {
      peers.addressBook.addRemembered(learnt, nowMs);
    }
    return peers;
  }

  /**
   * Finds out from where our own address is reached, before which some learnt addresses wait, and
   * looks for others in the swarm, again and again.
   *
   * @param onNews is called when there may be somebody to dial
   */
  look(onNews: () => void): void {
    this.#reach.locate().then(() => {
      this.addressBook.place(this.#reach.scope, performance.now());
      onNews();
    });
    const hear = (texts: readonly string[], wasCutOff: boolean) => {
      for (const text of texts) {
        const address = parseAddress(text) as Address;
        if (wasCutOff) this.addressBook.forgive(address);
        this.#hear(address);
      }
      onNews();
    };
    this.swarm?.look({ onFound: hear, isAlone: () => this.connected.size === 0 });
  }

  /** The headers of our requests by which our nodes recognise this one. */
  get identityHeaders(): Record<string, string> {
    const headers = identityHeaders(this.meshId, this.#settings.address);
    return this.swarm === undefined ? headers : { ...headers, [SWARM_HEADER]: '1' };
  }

  /** The lines of the header of our response by which our nodes recognise this one. */
  headerLinesFor(request: IncomingMessage): string[] {
    const headers = identityHeaders(this.meshId, this.#settings.address);
    return headerLines({ ...headers, ...this.#swarmLinks?.responseHeaders(request) });
  }

  /** The options of `new WebSocket(…)` for a dial. */
  dialOptions(entry: Entry): ClientOptions {
    const { nextAddress } = entry;
    if (nextAddress.scope === 'swarm' && this.#swarmLinks !== undefined) {
      const swarmOptions = this.#swarmLinks.dialOptions(nextAddress);
      return { ...SOCKET_OPTIONS, headers: this.identityHeaders, ...swarmOptions };
    }
    const headers = { ...this.identityHeaders, ...this.#settings.secretHeaders };
    const lookup = this.#reach.lookupFor(entry);
    return { ...SOCKET_OPTIONS, headers, ca: this.#settings.ca, lookup } as ClientOptions;
  }

  /**
   * Returns the addresses of a HANDSHAKE, our own first, as the node that gets it may know them.
   *
   * @param others those of other nodes, as we have dialled them
   */
  namesFor(receiver: Connection, others: readonly string[]): string[] {
    const { address } = this.#settings;
    const names = this.#swarmLinks?.namesFor(receiver, address, others, this.connected);
    return names ?? [address, ...others];
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
    const [kept, other] = directness(peer) > directness(twin) ? [peer, twin] : [twin, peer];
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
    if (isBySwarm(peer)) this.#meetDirectly(peer);
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
    if (isBySwarm(peer)) this.swarm?.lookSoon();
    entry.lastError = reason;
    const nowMs = performance.now();
    const upMs = Math.max(0, nowMs - openedMs);
    const waitMs = this.addressBook.lost(entry, upMs, nowMs, Math.random());
    const next = waitMs === undefined ? 'given up' : `again in ${(waitMs / 1000).toFixed(1)} s`;
    if (upMs === 0) this.#counters.count('failed');
    this.#log(upMs > 0 ? 'disconnected' : 'unreachable', `${address.text} (${reason}), ${next}`);
    if (waitMs === undefined) this.#learnt.save();
  }

  /** From now on nobody finds us in the swarm. */
  leave(): void {
    this.swarm?.close();
  }

  /** Resolves when the learnt addresses are on disk, and we have left the swarm. */
  async saved(): Promise<void> {
    await Promise.all([this.#learnt.settled(), this.swarm?.close()]);
  }

  #hear(address: Address): void {
    this.addressBook.hear(address, this.#news, performance.now());
  }

  /** Dials a peer of the swarm without it too, if its address leads us there. */
  #meetDirectly(peer: Peer): void {
    const direct = peer.identity?.address;
    if (direct !== undefined && leadsAlike(direct, peer)) this.#hear(direct);
  }

  /** Several changes in a short time are told in one message. */
  #tellSoon(): void {
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      for (const peer of this.routes.identifiedPeers()) this.#tell(peer);
    }, LIMITS.announceDelayMs).unref();
  }
}
