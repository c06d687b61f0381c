/** A connection from a program that is no node to a node. */

import { randomBytes } from 'node:crypto';
import { secretHeaders } from '../guard/access.js';
import { LIMITS } from '../limits.js';
import { explainError } from '../peers/dialling.js';
import { parseIdentity } from '../peers/identity.js';
import { NodeError } from './node-error.js';
import type { Target } from './target.js';

// By require: import would take a fifth of the start (docs/architecture.md).
import WebSocket = require('ws');

/**
 * Dials a node.
 *
 * @param headersOf returns the identity headers of a client with a mesh-id
 * @param timeoutMs the longest wait for its answer
 * @returns the connection, and whether the node is one of ours
 * @throws NodeError if it is not reached, or does not let us in
 */
export async function dial(
  { address, secret, ca }: Target,
  headersOf: (meshId: string) => Record<string, string>,
  socketOnMessage: (data: WebSocket.RawData) => void,
  timeoutMs: number = LIMITS.dialTimeoutMs,
): Promise<{ socket: WebSocket; isOurs: boolean }> {
  const socket = new WebSocket(address, {
    headers: { ...headersOf(randomBytes(16).toString('hex')), ...secretHeaders(secret) },
    ca,
    handshakeTimeout: timeoutMs,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytes,
  });
  let isOurs = false;
  socket.on('message', socketOnMessage);
  socket.once('upgrade', ({ headers }) => {
    isOurs = parseIdentity(headers) !== undefined;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(notReached(error, address)));
  });
  // After an error comes a close with a code.
  socket.on('error', () => {});
  return { socket, isOurs };
}

/** Why a node is not reached, for a person. */
export function notReached(error: NodeJS.ErrnoException, address: string): NodeError {
  const status = Number(/^Unexpected server response: (\d+)$/.exec(error.message)?.[1]);
  if (status === 401) {
    const why = `${address} lets in only who knows its NETWORK_SECRET: set the same one in .env`;
    return new NodeError(why, true);
  }
  if (error.code === 'ECONNREFUSED') {
    const why = `No node is listening on ${address}: start it with node index.js in its folder`;
    return new NodeError(why);
  }
  const why = `${address} is not reached: ${explainError(error, address)}`;
  return new NodeError(why, isForGood(status));
}

/** Whether a node that answers with an HTTP status will do so again. */
export function isForGood(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408;
}
