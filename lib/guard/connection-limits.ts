/**
 * Connection limits: how many connections others may open, and how much data may wait in all of
 * them together. At a limit, the connection that is worth least is closed.
 */

import { LIMITS } from '../limits.js';
import type { Address } from '../peers/addresses.js';
import { type Connection, expel, type Peer } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';

/** The facts that decide whether a connection may stay. */
type Caller = Pick<Connection, 'address' | 'heardMs'>;

export class ConnectionLimits {
  readonly #connections: ReadonlySet<Connection>;
  readonly #routes: Routes;
  readonly #inboundPeers: number;
  /** Time of the first data in this turn of the event loop. */
  #turnSinceMs: number | undefined;

  /**
   * @param connections all connections of both directions; read when needed
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

  /** Watches a connection: how much comes over it, and whether it is alive. */
  watch(connection: Connection): void {
    const { socket, isInbound } = connection;
    socket.on('ping', (data) => {
      // A peer that pings and does not read gets no more pongs.
      if (socket.bufferedAmount < LIMITS.slowBytes) socket.pong(data);
    });
    socket.on('pong', () => {
      connection.isAlive = true;
      connection.roundTripMs = performance.now() - connection.pingedMs;
    });
    if (isInbound) this.#follow(connection);
    else socket.once('open', () => this.#follow(connection));
  }

  /**
   * Finds a slot for a connection that was just opened, or has just claimed an address. If there is
   * none, a client replaces the client that has been silent longest, and a proven peer replaces one
   * that only claims an address. Otherwise the newcomer is closed.
   *
   * @returns the connection to close; undefined if there is room for all
   */
  admit(newcomer: Connection): Connection | undefined {
    const isPeer = newcomer.address !== undefined;
    const alike = this.#open().filter(
      (each) => each.isInbound && (each.address !== undefined) === isPeer,
    );
    const limit = isPeer ? this.#inboundPeers : LIMITS.inboundClients;
    return whoLeaves(newcomer, alike, limit, () => this.#proven());
  }

  /** The addresses that inbound connections claim. */
  callers(): Address[] {
    return this.#open().flatMap(({ isInbound, address }) => (isInbound && address) || []);
  }

  /** Bounds what inbound connections leave unread. */
  limitUnread(): void {
    const unreadBytes = ({ isInbound, socket }: Connection) =>
      isInbound ? socket.bufferedAmount : 0;
    this.#limit(unreadBytes, LIMITS.unreadBytes, 'it does not read');
  }

  #follow(connection: Connection): void {
    // Counted before the WebSocket gets it, and reports a complete message.
    connection.tcp?.prependListener('data', ({ length }: Buffer) => {
      connection.unfinishedBytes += length;
      if (connection.unfinishedBytes > length) this.#limitUnfinished();
      this.#takeTurns(connection);
    });
  }

  /**
   * Pauses a connection if this turn of the event loop takes long: the system would hand us 2 MiB
   * of one sender before it looks at the next.
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

  /** Pings each connection, and ends those over which nothing came since the last ping. */
  #ping(): void {
    for (const connection of this.#connections) {
      const { socket } = connection;
      if (socket.readyState === socket.CONNECTING) continue;
      if (!connection.isAlive) {
        socket.terminate();
        continue;
      }
      connection.isAlive = false;
      connection.pingedMs = performance.now();
      socket.ping();
    }
  }

  /** Closes inbound connections without a well-formed message since they were opened. */
  #closeSilent(nowMs: number): void {
    for (const each of this.#open()) {
      if (!each.isInbound || each.hasSpoken) continue;
      if (nowMs - each.heardMs > LIMITS.silenceTimeoutMs) expel(each, 1008, 'silent');
    }
  }

  /** Bounds the data of incomplete messages. */
  #limitUnfinished(): void {
    const proven = this.#proven();
    const unfinishedBytes = (each: Connection) => (proven.has(each) ? 0 : each.unfinishedBytes);
    this.#limit(unfinishedBytes, LIMITS.unfinishedBytes, 'unfinished messages');
  }

  #limit(bytesOf: (connection: Connection) => number, limit: number, reason: string): void {
    // Expelled connections count too: they may go on sending until they are gone.
    let all = [...this.#connections];
    while (all.reduce((bytes, each) => bytes + bytesOf(each), 0) > limit) {
      const worst = mostOf(all, bytesOf);
      if (!worst.isExpelled) expel(worst, 1008, reason);
      worst.socket.terminate();
      all = all.filter((each) => each !== worst);
    }
  }

  /** Connections of nodes that we have reached at the address they claim. */
  #proven(): Set<Connection> {
    const inbound = this.#open().filter((each) => each.isInbound);
    return firstOfEach(inbound, (each) => this.#routes.peerBehind(each));
  }

  #open(): Connection[] {
    return [...this.#connections].filter((each) => !each.isExpelled);
  }
}

/**
 * Decides which inbound connection is closed.
 *
 * @param alike all that claim an address, or all that claim none, the newcomer included
 * @param findProven returns those that are proven to be where they claim
 * @returns undefined if there is room for all
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

/** The first connection of each peer: anybody can open many in the name of one peer. */
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
