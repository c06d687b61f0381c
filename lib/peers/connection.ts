/** One socket, whichever end opened it: what we know about the other end, and how we use it. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import type { Unusable } from '../wire/message.js';
import type { Message } from '../wire/messages.js';
import type { Address } from './addresses.js';
import { dialTimeoutMs, provenBy } from './by-swarm.js';
import type { Entry } from './entry.js';
import { clockAheadMs, type Identity, parseIdentity } from './identity.js';
import type { Traffic } from './traffic.js';

/** Options of sockets in both directions. */
export const SOCKET_OPTIONS = Object.freeze({
  perMessageDeflate: false,
  maxPayload: LIMITS.frameBytes,
  maxFragments: LIMITS.messageFragments,
  maxBufferedChunks: LIMITS.frameChunks,
  closeTimeout: LIMITS.closeTimeoutMs,
  // The connection limits answer pings: a peer that does not read gets no pongs.
  autoPong: false,
});

/** Options of our WebSocketServer. The HTTP server and the list of connections are our own. */
export const SERVER_OPTIONS = Object.freeze({
  ...SOCKET_OPTIONS,
  noServer: true,
  clientTracking: false,
});

/** The subjects of requests; a node may have one request about each at a time. */
export type Subject = 'pool' | 'latest block' | 'chain';

export interface Connection {
  readonly socket: WebSocket;
  /** Whether the other end opened it. */
  readonly isInbound: boolean;
  /** The socket under the WebSocket, of TCP or of the swarm; undefined until it is open. */
  tcp: Socket | undefined;
  /** The identity headers of the other end; undefined for a plain peer. */
  identity: Identity | undefined;
  /** Where the other end listens: the address we dialled, or the one that it claims. */
  address: Address | undefined;
  /** The addresses it is connected to, by its latest HANDSHAKE. */
  neighbours: Address[] | undefined;
  /** Time of its last well-formed message, or of its beginning if there was none. */
  heardMs: number;
  hasSpoken: boolean;
  /** What has come since the last complete message. */
  unfinishedBytes: number;
  /** Subjects of its requests that we have not answered yet. */
  readonly asksFor: Set<Subject>;
  /** Until then we do not compare pools with it, because it broke the rules. */
  distrustedUntilMs: number;
  /** Receipts for it that wait for the disk, or for it to read. */
  receiptBytes: number;
  malformedFrames: number;
  /** Whether we have expelled it: nothing more is read from it. */
  isExpelled: boolean;
  /** Why we closed it; undefined if the other end did. */
  endReason: string | undefined;
  /** Called when we close it. */
  onExpelled: ((reason: string) => void) | undefined;
  /** Whether anything came over it since the last ping. */
  isAlive: boolean;
  /** When it began, in ms since 1970. */
  readonly since: number;
  /** When it was last pinged, and how long the latest answer took; undefined before there is one. */
  pingedMs: number;
  roundTripMs: number | undefined;
  /** How many frames came and went. */
  readonly frames: { in: number; out: number };
  /** Where the node counts the frames of all connections; undefined until this is one of them. */
  traffic: Traffic | undefined;
  /** Called with each frame before it is sent; undefined while nobody looks. */
  onSend: ((frame: string | Buffer) => void) | undefined;
  /** When it last asked about our pool, by performance.now(). */
  askedMs: number;
  /** The latest block that it told us of, and when, by performance.now(). */
  tip: { readonly height: number; readonly hash: string; readonly toldMs: number } | undefined;
}

/** A connection that we opened, or try to. */
export interface Peer extends Connection {
  readonly entry: Entry;
  /** The address we dialled. */
  readonly address: Address;
  /** How far its clock is ahead of ours; undefined if it does not say. */
  clockAheadMs: number | undefined;
  /** Ends the attempt if it takes too long. */
  readonly deadline: NodeJS.Timeout;
  /** Infinity until it is open. */
  openedMs: number;
  /** A number of transactions: it was sent all that were added after these. */
  toldSince: number;
  /** Whether it reads more slowly than we send. */
  isSlow: boolean;
  /** Until then the senders of its transactions are paused. */
  pause: Promise<void> | undefined;
  /** Whether it gets nothing until it has read what it was sent. */
  isLeftBehind: boolean;
  isDropped: boolean;
}

/** @param request the upgrade request of the other end; undefined for a connection that we open */
export function newConnection(socket: WebSocket, request?: IncomingMessage): Connection {
  const proven = provenBy(request?.socket);
  const identity = request && parseIdentity(request.headers, proven);
  return {
    socket,
    isInbound: request !== undefined,
    identity,
    address: proven ?? identity?.address,
    tcp: request?.socket,
    neighbours: undefined,
    heardMs: performance.now(),
    hasSpoken: false,
    unfinishedBytes: 0,
    asksFor: new Set(),
    distrustedUntilMs: -Infinity,
    receiptBytes: 0,
    malformedFrames: 0,
    isExpelled: false,
    endReason: undefined,
    onExpelled: undefined,
    isAlive: true,
    since: Date.now(),
    pingedMs: -Infinity,
    roundTripMs: undefined,
    frames: { in: 0, out: 0 },
    traffic: undefined,
    onSend: undefined,
    askedMs: -Infinity,
    tip: undefined,
  };
}

/**
 * A connection that we open.
 *
 * @param socket dials the address
 * @param onTimeout is called when the dial takes too long, unless the deadline is cleared first
 */
export function newPeer(
  entry: Entry,
  address: Address,
  socket: WebSocket,
  onTimeout: () => void,
): Peer {
  const peer: Peer = {
    ...newConnection(socket),
    entry,
    address,
    clockAheadMs: undefined,
    deadline: setTimeout(onTimeout, dialTimeoutMs(address)),
    openedMs: Infinity,
    toldSince: Infinity,
    isSlow: false,
    pause: undefined,
    isLeftBehind: false,
    isDropped: false,
  };
  socket.on('upgrade', (response) => {
    peer.identity = parseIdentity(response.headers, provenBy(response.socket));
    peer.clockAheadMs = clockAheadMs(response.headers);
    peer.tcp = response.socket;
  });
  return peer;
}

/** Logs why an inbound connection failed, or was closed by us. */
export function logEnd(connection: Connection, log: Log): void {
  const { socket } = connection;
  socket.on('error', ({ message }) => log('bad connection', `${nameOf(connection)}: ${message}`));
  connection.onExpelled = (reason) => log('closed', `${nameOf(connection)} (${reason})`);
}

/**
 * Records a frame.
 *
 * @param message what was read of it
 * @param bytes the length of the frame
 */
export function noteFrame(
  connection: Connection,
  message: Message | Unusable,
  bytes: number,
): void {
  const type = 'type' in message ? message.type : undefined;
  connection.isAlive = true;
  connection.unfinishedBytes = 0;
  connection.frames.in += 1;
  connection.traffic?.received(type, bytes);
  if (type === undefined) return;
  connection.hasSpoken = true;
  connection.heardMs = performance.now();
}

/**
 * Closes a connection, even if the other end does not answer the close frame. Nothing more is read
 * from it.
 */
export function expel(connection: Connection, code: number, reason: string): void {
  const { socket, isInbound } = connection;
  connection.isExpelled = true;
  if (connection.endReason === undefined) connection.onExpelled?.(reason);
  connection.endReason ??= reason;
  socket.close(code, reason);
  if (isInbound) setTimeout(() => socket.terminate(), LIMITS.closeTimeoutMs).unref();
  else socket.terminate();
}

/**
 * Whether two connections lead to one node; unknown for plain peers. Its id and its addresses must
 * match: anyone who has met a node could copy the id alone.
 */
export function isSameNode(
  a: Pick<Connection, 'identity'>,
  b: Pick<Connection, 'identity'>,
): boolean {
  if (a.identity === undefined || b.identity === undefined) return false;
  const [inSwarmA, inSwarmB] = [a.identity.inSwarm, b.identity.inSwarm];
  if (inSwarmA && inSwarmB && inSwarmA.key !== inSwarmB.key) return false;
  return (
    a.identity.meshId === b.identity.meshId && a.identity.address?.key === b.identity.address?.key
  );
}

/** What is at the other end. A client has no address, so that nobody dials it. */
export function kindOf({ identity, address }: Connection): 'node' | 'plain peer' | 'client' {
  if (address === undefined) return 'client';
  return identity === undefined ? 'plain peer' : 'node';
}

/**
 * How good a way to a node is: 2 for the address that it calls its own, 1 for its address in the
 * swarm, 0 for another one.
 */
export function directness({ address, identity }: Connection): 0 | 1 | 2 {
  if (address === undefined || identity === undefined) return 0;
  if (address.key === identity.address?.key) return 2;
  return address.key === identity.inSwarm?.key ? 1 : 0;
}

/**
 * Sends a text frame. All frames of one turn of the event loop go out in one write.
 *
 * @param sent is called when the frame was handed to the operating system, or never will be
 */
export function send(connection: Connection, frame: string | Buffer, sent?: () => void): void {
  const { tcp, socket } = connection;
  connection.frames.out += 1;
  connection.traffic?.sent(frame);
  connection.onSend?.(frame);
  if (tcp?.writableCorked === 0) {
    tcp.cork();
    setImmediate(() => tcp.uncork());
  }
  socket.send(frame, { binary: false }, sent);
}

/** Pauses a connection until the disk or a slow peer is ready, up to a limit. */
export async function pauseUntil(ready: Promise<void>, { socket }: Connection): Promise<void> {
  if (socket.isPaused) return;
  socket.pause();
  await Promise.race([ready, sleep(LIMITS.pauseMs)]);
  socket.resume();
}

/** The name of the other end in a line of the terminal. */
export function nameOf({ address, identity, isInbound }: Connection): string {
  if (address === undefined) return 'a client';
  return isInbound && identity === undefined ? 'a plain peer' : address.text;
}
