/**
 * Connection limits: how many connections others may open, and how much may wait in all of them. The
 * connection that is worth least makes room for the others.
 */

import { WebSocket } from 'ws';
import { LIMITS } from '../limits.js';
import type { Address } from '../peers/addresses.js';
import { type Connection, expel, type Peer } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';

/** What it takes to decide whether somebody may stay. */
type Caller = Pick<Connection, 'address' | 'heardMs'>;

export class ConnectionLimits {
  readonly #connections: ReadonlySet<Connection>;
  readonly #routes: Routes;
  readonly #inboundPeers: number;
  /** When the first data came in this turn of the event loop. */
  #turnSinceMs: number | undefined;

  /**
   * @param connections those of both directions, read as they are at the time
   * @param inboundPeers how many inbound connections may claim to be from nodes
   */
  constructor(connections: ReadonlySet<Connection>, routes: Routes, inboundPeers: number) {
    this.#connections = connections;
    this.#routes = routes;
    this.#inboundPeers = inboundPeers;
    setInterval(() => this.#ping(), LIMITS.pingIntervalMs).unref();
    setInterval(() => {
      this.#closeSilent(performance.now());
      this.limitUnread();
    }, LIMITS.sweepIntervalMs).unref();
  }

  /** Follows a connection: how much comes over it, and whether it is alive. */
  watch(connection: Connection): void {
    const { socket, isInbound } = connection;
    socket.on('ping', (data) => {
      // A peer that pings and does not read gets no more pongs.
      if (socket.bufferedAmount < LIMITS.slowBytes) socket.pong(data);
    });
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    if (isInbound) this.#follow(connection);
    else socket.once('open', () => this.#follow(connection));
  }

  /**
   * Finds a slot for a connection that was just opened, or has just claimed an address. Where there is
   * none, a new client takes the slot of the client that has been silent longest, and a peer that is
   * proven to be there takes that of one that only claims an address. Otherwise the newcomer goes.
   *
   * @returns the connection that has to go; undefined when there is room for all
   */
  admit(newcomer: Connection): Connection | undefined {
    const isPeer = newcomer.address !== undefined;
    const alike = this.#open().filter(
      (each) => each.isInbound && (each.address !== undefined) === isPeer,
    );
    const limit = isPeer ? this.#inboundPeers : LIMITS.inboundClients;
    return whoLeaves(newcomer, alike, limit, () => this.#proven());
  }

  /** The addresses that callers claim. */
  callers(): Address[] {
    return this.#open().flatMap(({ isInbound, address }) => (isInbound && address) || []);
  }

  /** Bounds what is unread by callers. */
  limitUnread(): void {
    const unreadBytes = ({ isInbound, socket }: Connection) =>
      isInbound ? socket.bufferedAmount : 0;
    this.#limit(unreadBytes, LIMITS.unreadBytes, 'it does not read');
  }

  #follow(connection: Connection): void {
    // Before the WebSocket gets it, and tells of a message that is complete.
    connection.tcp?.prependListener('data', ({ length }: Buffer) => {
      connection.unfinishedBytes += length;
      if (connection.unfinishedBytes > length) this.#limitUnfinished();
      this.#takeTurns(connection);
    });
  }

  /**
   * Has a connection wait with what comes next, if this turn of the event loop takes long: the
   * system would hand us 2 MiB of one sender before it looks at the next.
   */
  #takeTurns({ socket }: Connection): void {
    const nowMs = performance.now();
    if (this.#turnSinceMs === undefined) {
      this.#turnSinceMs = nowMs;
      setImmediate(() => {
        this.#turnSinceMs = undefined;
      });
    }
    if (nowMs - this.#turnSinceMs < LIMITS.turnMs || socket.isPaused) return;
    socket.pause();
    setImmediate(() => socket.resume());
  }

  /** Pings each connection, and ends those that have not answered the last time: they are gone. */
  #ping(): void {
    for (const connection of this.#connections) {
      const { socket } = connection;
      if (socket.readyState === WebSocket.CONNECTING) continue;
      if (!connection.isAlive) {
        socket.terminate();
        continue;
      }
      connection.isAlive = false;
      socket.ping();
    }
  }

  /** Closes those that have opened a connection and said nothing since. */
  #closeSilent(nowMs: number): void {
    for (const each of this.#open()) {
      if (!each.isInbound || each.hasSpoken) continue;
      if (nowMs - each.heardMs > LIMITS.silenceTimeoutMs) expel(each, 1008, 'silent');
    }
  }

  /** Keeps what has come of messages that are not complete within bounds. */
  #limitUnfinished(): void {
    const proven = this.#proven();
    const unfinishedBytes = (each: Connection) => (proven.has(each) ? 0 : each.unfinishedBytes);
    this.#limit(unfinishedBytes, LIMITS.unfinishedBytes, 'unfinished messages');
  }

  #limit(bytesOf: (connection: Connection) => number, limit: number, reason: string): void {
    // Also those that are expelled: they may send on until they are gone.
    let all = [...this.#connections];
    while (all.reduce((bytes, each) => bytes + bytesOf(each), 0) > limit) {
      const worst = mostOf(all, bytesOf);
      if (!worst.isExpelled) expel(worst, 1008, reason);
      worst.socket.terminate();
      all = all.filter((each) => each !== worst);
    }
  }

  /** The connections from nodes that we have met where they say that they listen. */
  #proven(): Set<Connection> {
    const inbound = this.#open().filter((each) => each.isInbound);
    return firstOfEach(inbound, (each) => this.#routes.peerBehind(each));
  }

  #open(): Connection[] {
    return [...this.#connections].filter((each) => !each.isExpelled);
  }
}

/**
 * Decides which of the callers has to leave.
 *
 * @param alike all that name an address, or all that name none; the newcomer among them
 * @param findProven finds those that are proven to be where they say
 * @returns undefined where there is room for all
 */
export function whoLeaves<C extends Caller>(
  newcomer: C,
  alike: readonly C[],
  limit: number,
  findProven: () => ReadonlySet<C>,
): C | undefined {
  if (alike.length <= limit) return undefined;
  const isPeer = newcomer.address !== undefined;
  const proven = findProven();
  const others = alike.filter((each) => each !== newcomer && !proven.has(each));
  const staysOut = (isPeer && !proven.has(newcomer)) || others.length === 0;
  return staysOut ? newcomer : mostOf(others, (each) => -each.heardMs);
}

/** The first connection of each peer: anybody can open many in the name of one. */
export function firstOfEach<C>(
  inbound: readonly C[],
  peerBehind: (connection: C) => Pick<Peer, 'identity'> | undefined,
): Set<C> {
  const first = new Map<object, C>();
  for (const each of inbound) {
    const peer = peerBehind(each);
    if (peer?.identity && !first.has(peer)) first.set(peer, each);
  }
  return new Set(first.values());
}

function mostOf<C>(connections: readonly C[], amountOf: (connection: C) => number): C {
  return connections.reduce((a, b) => (amountOf(b) > amountOf(a) ? b : a));
}
