/** What we know of one socket, whoever opened it. */

import type { WebSocket } from 'ws';
import type { Address } from './addresses.js';
import { LIMITS } from './config.js';
import { TokenBucket } from './token-bucket.js';

export interface Connection {
  readonly socket: WebSocket;
  /** New at each start of the node at the other end; undefined for a plain peer. */
  meshId: string | undefined;
  /** Where the other end listens: the address we dialled, or the one that it claims. */
  address: Address | undefined;
  /** Spent on each address that its handshakes make us dial. */
  readonly news: TokenBucket;
  malformedFrames: number;
  /** Whether it has answered since the last ping. */
  isAlive: boolean;
}

export function newConnection(socket: WebSocket): Connection {
  return {
    socket,
    meshId: undefined,
    address: undefined,
    news: new TokenBucket(LIMITS.peers, performance.now()),
    malformedFrames: 0,
    isAlive: true,
  };
}

/** Tells whether two connections lead to one node; of plain peers that cannot be known. */
export function isSameNode(a: Connection, b: Connection): boolean {
  return a.meshId !== undefined && a.meshId === b.meshId;
}

/** How a line in the terminal names the other end. */
export function nameOf(connection: Connection): string {
  return connection.address?.text ?? 'a client';
}

/** Why a dial failed, for a person. */
export function explainError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there';
  return error.message || error.code || 'no connection';
}

/** Why a connection ended, for a person. */
export function explainClose(code: number): string {
  if (code === 1001) return 'it left';
  if (code === 1006) return 'the connection broke';
  return `closed with code ${code}`;
}
