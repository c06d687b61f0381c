/** One socket, whoever opened it: what we know of it, and what is done with it. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Address, lookupIn } from './addresses.js';
import { type Announcement, parseAnnouncement } from './announcement.js';
import { LIMITS } from './config.js';
import type { Contact } from './contacts.js';

/** What is the same for all that we dial. */
interface DialOptions {
  /** Our own address, which tells where names may lead. */
  readonly own: Address;
  /** Of the upgrade: by which nodes recognise each other, and members of a network. */
  readonly headers: Record<string, string>;
  /** Whose certificates we trust, PEM; undefined for those that Node.js trusts. */
  readonly ca: Buffer | undefined;
}

/** For the sockets of both directions. */
export const SOCKET_OPTIONS = Object.freeze({
  perMessageDeflate: false,
  maxPayload: LIMITS.frameBytes,
  maxFragments: LIMITS.messageFragments,
  maxBufferedChunks: LIMITS.frameChunks,
  closeTimeout: LIMITS.closeTimeoutMs,
  // Done in crowd.ts.
  autoPong: false,
});

/** What one may ask for; one thing of each at a time. */
export type Subject = 'pool' | 'latest block' | 'chain';

export interface Connection {
  readonly socket: WebSocket;
  /** Whether the other end has opened it. */
  readonly isInbound: boolean;
  /** What the WebSocket runs on; undefined until it is open. */
  tcp: Socket | undefined;
  /** What the node at the other end says of itself; undefined for a plain peer. */
  announcement: Announcement | undefined;
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
  isExpelled: boolean;
  /** Whether it has answered since the last ping. */
  isAlive: boolean;
}

/** A connection that we opened, or try to. */
export interface Peer extends Connection {
  readonly contact: Contact;
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
  const announcement = request && parseAnnouncement(request.headers);
  return {
    socket,
    isInbound: request !== undefined,
    announcement,
    address: announcement?.address,
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
    isAlive: true,
  };
}

/**
 * Dials an address.
 *
 * @param onTimeout is called when it takes too long, unless the deadline is cleared before
 */
export function openPeer(
  contact: Contact,
  address: Address,
  { own, headers, ca }: DialOptions,
  onTimeout: () => void,
): Peer {
  // What a person has written down may lead anywhere, but not a name that a peer told us.
  const lookup = contact.isKnown ? undefined : lookupIn(own.scope);
  const options = { ...SOCKET_OPTIONS, headers, ca, lookup };
  const socket = new WebSocket(address.text, options);
  const peer: Peer = {
    ...newConnection(socket),
    contact,
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
    peer.announcement = parseAnnouncement(response.headers);
    peer.tcp = response.socket;
  });
  return peer;
}

/**
 * Tells whether two connections lead to one node; of plain peers that cannot be known. Both its
 * id and its address must match: the id alone could be copied by anyone who has met that node.
 */
export function isSameNode(
  a: Pick<Connection, 'announcement'>,
  b: Pick<Connection, 'announcement'>,
): boolean {
  if (a.announcement === undefined || b.announcement === undefined) return false;
  return (
    a.announcement.meshId === b.announcement.meshId &&
    a.announcement.address?.key === b.announcement.address?.key
  );
}

/** Tells whether we have reached a node at the very address that it calls its own. */
export function isAtHome({ address, announcement }: Connection): boolean {
  return address !== undefined && address.key === announcement?.address?.key;
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

/** What comes faster than the disk takes it, waits where it comes from; but not for ever. */
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

/** Of the errors of OpenSSL: the certificate is from somebody we don't know. */
const UNTRUSTED = /UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT/;

/** Why a dial of an address failed, for a person. */
export function explainError(error: NodeJS.ErrnoException, address: string): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there';
  if (/ 401$/.test(error.message)) return 'it wants another NETWORK_SECRET';
  if (error.code === 'ECONNRESET' && !/^wss:/i.test(address)) {
    return 'it hangs up; if it speaks TLS, it is wss://';
  }
  if (error.code === 'EPROTO') return 'it speaks no TLS: it is ws://';
  if (UNTRUSTED.test(error.code ?? '')) return 'its certificate is from nobody that TLS_CA names';
  return error.message || error.code || 'no connection';
}

/** Why a connection ended, for a person. */
export function explainClose(code: number): string {
  if (code === 1001) return 'it left';
  if (code === 1006) return 'the connection broke';
  return `closed with code ${code}`;
}
