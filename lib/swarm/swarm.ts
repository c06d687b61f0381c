/**
 * The swarm of a node: it announces itself in the DHT under a topic, looks others up, and dials them
 * by their keys, through any router.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type HyperDHT from 'hyperdht';
import type { KeyPair, Query, SecretStream, Server } from 'hyperdht';
import { LIMITS } from '../limits.js';
import { count, type Log, reason } from '../log.js';
import { loadEngine } from './engine.js';
import { type End, Membership } from './membership.js';
import { readSwarmSeed } from './swarm-key.js';
import { SwarmSocket } from './swarm-socket.js';

/** The settings that concern the swarm. */
export interface SwarmSettings {
  readonly folder: string;
  /** Undefined for a node that is in no swarm. */
  readonly swarm:
    | {
        readonly name: string;
        /** Where the DHT is entered, `host:port`; undefined for the public one. */
        readonly bootstrap: readonly string[] | undefined;
      }
    | undefined;
  readonly secret: string | undefined;
}

/** Somebody who looks for others in the swarm. */
interface Seeker {
  /**
   * @param addresses those that were found, known ones too
   * @param wasCutOff whether the DHT had not answered the last time: if we did not reach them, that was
   *   no fault of theirs
   */
  onFound(addresses: readonly string[], wasCutOff: boolean): void;
  /** Whether we are connected to nobody. */
  isAlone(): boolean;
}

/** Nodes of the DHT at which our key is announced; they lead others to us. */
const RELAYS = 3;

export class Swarm {
  /** By which others reach this node in the swarm: `ws://`, the 52 characters of its key, `.dht`. */
  readonly address: string;
  readonly #dht: HyperDHT;
  readonly #server: Server;
  readonly #keyPair: KeyPair;
  readonly #membership: Membership;
  readonly #addressOf: (key: Buffer) => string;
  readonly #log: Log;
  readonly #sockets = new Set<SwarmSocket>();
  #listening: Promise<void> | undefined;
  #query: Query | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #waitMs: number = LIMITS.swarmLookupFirstMs;
  #next: () => void = () => {};
  /** Whether the latest round was answered; undefined before the first one is over. */
  #isAnswered: boolean | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    dht: HyperDHT,
    keyPair: KeyPair,
    membership: Membership,
    addressOf: (key: Buffer) => string,
    log: Log,
  ) {
    this.#dht = dht;
    this.#keyPair = keyPair;
    this.#membership = membership;
    this.#addressOf = addressOf;
    this.#log = log;
    this.address = addressOf(keyPair.publicKey);
    this.#server = dht.createServer({
      firewall: () => this.#sockets.size >= LIMITS.swarmConnections,
    });
    setInterval(() => this.#limitUnfinished(), LIMITS.sweepIntervalMs).unref();
  }

  /**
   * Opens the swarm of the node in a folder; nothing is sent yet. Ends the process with one line if
   * hyperdht is not installed, or the node's key cannot be read.
   *
   * @returns undefined if the node is in no swarm
   */
  static async open(
    { folder, swarm, secret }: SwarmSettings,
    log: Log,
  ): Promise<Swarm | undefined> {
    if (swarm === undefined) return undefined;
    const { Dht, encode } = await loadEngine();
    const keyPair = Dht.keyPair(readSwarmSeed(folder, log));
    const { name, bootstrap } = swarm;
    const isHere = bootstrap?.every((place) => place.startsWith('127.'));
    const dht = new Dht({
      keyPair,
      // Others' records are not kept here, so that a swarm costs no more than its own traffic.
      ephemeral: true,
      ...(bootstrap && { bootstrap }),
      ...(isHere && { host: '127.0.0.1' }),
    });
    const membership = new Membership(name, secret);
    const opened = new Swarm(dht, keyPair, membership, (key) => `ws://${encode(key)}.dht`, log);
    log('swarm', `${JSON.stringify(name)}, in which we are ${opened.address}`);
    return opened;
  }

  /** Takes connections; each goes to `onConnection`. */
  serve(onConnection: (socket: SwarmSocket) => void): void {
    this.#server.on('connection', (stream: SecretStream) => onConnection(this.#keep(stream)));
    this.#listening = this.#server
      .listen(this.#keyPair)
      .catch((error) => this.#log('swarm', `we cannot be reached: ${reason(error)}`));
  }

  /**
   * Announces this node, and looks for others: often at first, then less and less, and again often
   * when one is lost.
   *
   * @param seeker is told of those who are found
   */
  look(seeker: Seeker): void {
    this.#next = () => this.#goOn(seeker);
    this.#next();
  }

  /** Looks for others again soon: a peer of the swarm was lost. */
  lookSoon(): void {
    this.#waitMs = LIMITS.swarmLookupFirstMs;
    // Peers that come and go all the time must not put it off.
    const isPutOff = this.#dueMs - performance.now() > this.#waitMs;
    if (isPutOff && this.#timer !== undefined) this.#begin(this.#waitMs);
  }

  /** Dials another node of the swarm. */
  dial(address: string): SwarmSocket {
    return this.#keep(this.#dht.connect(keyIn(address)));
  }

  /** Returns the proof by which one end of a connection shows the other that it knows our secret. */
  proofOf(end: End, socket: SwarmSocket): string | undefined {
    return this.#membership.proofOf(end, socket.handshake);
  }

  isProof(shown: unknown, end: End, socket: SwarmSocket): boolean {
    return this.#membership.isProof(shown, end, socket.handshake);
  }

  /** Withdraws the announcement, and leaves the DHT, as far as there is time. */
  close(): Promise<void> {
    this.#closing ??= Promise.race([
      this.#withdraw(),
      sleep(LIMITS.withdrawTimeoutMs, undefined, { ref: false }),
    ]);
    return this.#closing;
  }

  async #withdraw(): Promise<void> {
    clearTimeout(this.#timer);
    this.#query?.destroy();
    const { topic } = this.#membership;
    if (this.#isAnswered) await this.#dht.unannounce(topic, this.#keyPair).catch(() => {});
    await this.#dht.destroy();
  }

  async #goOn(seeker: Seeker): Promise<void> {
    await this.#round(seeker);
    if (this.#closing !== undefined) return;
    this.#waitMs = Math.min(this.#waitMs, this.#longestWaitMs(seeker));
    this.#begin(this.#waitMs * (0.8 + 0.4 * Math.random()));
    this.#waitMs *= 2;
  }

  #longestWaitMs({ isAlone }: Seeker): number {
    if (!this.#isAnswered) return LIMITS.swarmUnansweredMs;
    return isAlone() ? LIMITS.swarmLookupAloneMs : LIMITS.swarmLookupLongestMs;
  }

  /** Begins the next round after a wait. */
  #begin(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#dueMs = performance.now() + waitMs;
    this.#timer = setTimeout(this.#next, waitMs).unref();
  }

  /** Announces and looks up: one walk through the DHT does both. */
  async #round({ onFound }: Seeker): Promise<void> {
    this.#timer = undefined;
    const { topic } = this.#membership;
    const found = new Set<string>();
    const wasCutOff = this.#isAnswered === false;
    // The topic leads others to our key, and the key has to lead them to us.
    await this.#listening;
    // When an announcement of the key has failed, HyperDHT makes the next one after five minutes,
    // and until then no way leads through our router. It may forget that it was asked to make one
    // earlier, so it is asked again in each round.
    if (this.#server.relayAddresses.length < RELAYS) this.#server.refresh();
    try {
      this.#query = this.#dht.announce(topic, this.#keyPair, this.#server.relayAddresses);
      for await (const { peers } of this.#query) {
        const addresses = peers.map(({ publicKey }) => this.#addressOf(publicKey));
        const news = addresses.filter((each) => each !== this.address && !found.has(each));
        for (const each of news) found.add(each);
        if (news.length > 0) onFound(news, wasCutOff);
      }
      if (this.#isAnswered !== true) this.#log('swarm', `${count(found.size, 'other')} found`);
      // The next rounds come soon, for our key may not be announced yet.
      if (wasCutOff) this.#waitMs = LIMITS.swarmLookupFirstMs;
      this.#isAnswered = true;
    } catch (error) {
      if (this.#closing !== undefined) return;
      if (this.#isAnswered !== false) {
        this.#log(
          'swarm',
          `the DHT does not answer (${reason(error)}): we go on without, and ask again`,
        );
      }
      this.#isAnswered = false;
    }
  }

  #keep(stream: SecretStream): SwarmSocket {
    const socket = new SwarmSocket(stream, this.#addressOf);
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Bounds the encrypted messages that are not whole yet: each may claim 16 MiB of memory. */
  #limitUnfinished(): void {
    const bytesOf = ({ unfinishedBytes }: SwarmSocket) => unfinishedBytes;
    let all = [...this.#sockets];
    while (all.reduce((bytes, each) => bytes + bytesOf(each), 0) > LIMITS.unfinishedBytes) {
      const worst = all.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a));
      worst.destroy();
      all = all.filter((each) => each !== worst);
    }
  }
}

/** The 52 characters of the key in an address. */
function keyIn(address: string): string {
  return address.slice('ws://'.length, 'ws://'.length + 52).toLowerCase();
}
