/** One socket, whichever end opened it: what we know of the other end, and how it is used. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import type { Address } from './addresses.js';
import type { Entry } from './entry.js';
import { type Identity, parseIdentity } from './identity.js';

/** The options of sockets in both directions. */
export const SOCKET_OPTIONS = Object.freeze({
  perMessageDeflate: false,
  maxPayload: LIMITS.frameBytes,
  maxFragments: LIMITS.messageFragments,
  maxBufferedChunks: LIMITS.frameChunks,
  closeTimeout: LIMITS.closeTimeoutMs,
  // Done by the connection limits: a peer that does not read gets no pongs.
  autoPong: false,
});

/** The options of our WebSocketServer: the HTTP server is ours, and so is the list of connections. */
export const SERVER_OPTIONS = Object.freeze({
  ...SOCKET_OPTIONS,
  noServer: true,
  clientTracking: false,
});

/** What a node may ask us about; one request of each at a time. */
export type Subject = 'pool' | 'latest block' | 'chain';

export interface Connection {
  readonly socket: WebSocket;
  /** Whether the other end has opened it. */
  readonly isInbound: boolean;
  /** What the WebSocket runs on; undefined until it is open. */
  tcp: Socket | undefined;
  /** What the node at the other end says of itself; undefined for a plain peer. */
  identity: Identity | undefined;
  /** Where the other end listens: the address we dialled, or the one that it claims. */
  address: Address | undefined;
  /** Whom it is connected to, as it said in its latest HANDSHAKE. */
  neighbours: Address[] | undefined;
  /** When it sent its last message that was well-formed; when it began, if there was none. */
  heardMs: number;
  hasSpoken: boolean;
  /** What has come since its last message. */
  unfinishedBytes: number;
  /** About what it has asked something that we have not answered yet. */
  readonly asksFor: Set<Subject>;
  /** Until when we compare no pools with it, because it did not play by the rules. */
  distrustedUntilMs: number;
  /** Receipts for it that wait for the disk, or to be read. */
  receiptBytes: number;
  malformedFrames: number;
  /** Whether we have given it up: nothing more is read from it. */
  isExpelled: boolean;
  /** Why we closed it; undefined when the other end did. */
  endReason: string | undefined;
  /** Is called when we close it. */
  onExpelled: ((reason: string) => void) | undefined;
  /** Whether it has answered since the last ping. */
  isAlive: boolean;
}

/** A connection that we opened, or try to. */
export interface Peer extends Connection {
  readonly entry: Entry;
  /** The address we dialled. */
  readonly address: Address;
  /** Ends the attempt if it takes too long. */
  readonly deadline: NodeJS.Timeout;
  /** Infinity until it is open. */
  openedMs: number;
  /** How many transactions had come at some time: of all that have since, it has been told. */
  toldSince: number;
  /** Whether it reads more slowly than we send. */
  isSlow: boolean;
  /** Until when those whose transactions it gets are to wait for it. */
  pause: Promise<void> | undefined;
  /** Whether we relay nothing to it until it has read what it was sent. */
  isLeftBehind: boolean;
  isDropped: boolean;
}

/** @param request by which the other end has opened it; undefined for one that we open */
export function newConnection(socket: WebSocket, request?: IncomingMessage): Connection {
  const identity = request && parseIdentity(request.headers);
  return {
    socket,
    isInbound: request !== undefined,
    identity,
    address: identity?.address,
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
  };
}

/**
 * A connection that we open.
 *
 * @param socket dials the address
 * @param onTimeout is called when that takes too long, unless the deadline is cleared before
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
    deadline: setTimeout(onTimeout, LIMITS.dialTimeoutMs),
    openedMs: Infinity,
    toldSince: Infinity,
    isSlow: false,
    pause: undefined,
    isLeftBehind: false,
    isDropped: false,
  };
  socket.on('upgrade', (response) => {
    peer.identity = parseIdentity(response.headers);
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
 * Notes that a frame has come.
 *
 * @param isMessage whether it was a well-formed message
 */
export function noteFrame(connection: Connection, isMessage: boolean): void {
  connection.isAlive = true;
  connection.unfinishedBytes = 0;
  if (!isMessage) return;
  connection.hasSpoken = true;
  connection.heardMs = performance.now();
}

/**
 * Closes a connection for what came over it, whether or not the other end answers the close frame.
 * Nothing more is read from it.
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
 * Tells whether two connections lead to one node; of plain peers that cannot be known. Both its
 * id and its address must match: the id alone could be copied by anyone who has met that node.
 */
export function isSameNode(
  a: Pick<Connection, 'identity'>,
  b: Pick<Connection, 'identity'>,
): boolean {
  if (a.identity === undefined || b.identity === undefined) return false;
  return (
    a.identity.meshId === b.identity.meshId && a.identity.address?.key === b.identity.address?.key
  );
}

/** Tells whether we have reached a node at the very address that it calls its own. */
export function isAtHome({ address, identity }: Connection): boolean {
  return address !== undefined && address.key === identity?.address?.key;
}

/**
 * Sends a text frame. All that is sent over a connection in one turn of the event loop goes out
 * in one write.
 *
 * @param sent is called when it is handed to the operating system, or never will be
 */
export function send(connection: Connection, frame: string | Buffer, sent?: () => void): void {
  const { tcp, socket } = connection;
  if (tcp?.writableCorked === 0) {
    tcp.cork();
    setImmediate(() => tcp.uncork());
  }
  socket.send(frame, { binary: false }, sent);
}

/** Reads nothing more from a connection until the disk, or a slow peer, is ready; with a limit. */
export async function pauseUntil(ready: Promise<void>, { socket }: Connection): Promise<void> {
  if (socket.isPaused) return;
  socket.pause();
  await Promise.race([ready, sleep(LIMITS.pauseMs)]);
  socket.resume();
}

/** How a line in the terminal names the other end. */
export function nameOf(connection: Connection): string {
  return connection.address?.text ?? 'a client';
}
