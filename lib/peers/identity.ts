/**
 * Identity headers: our nodes recognise each other by them. They are on the HTTP upgrade, in
 * request and response. Plain peers ignore them.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { type Address, parseAddress } from './addresses.js';

/**
 * Says that a node is in a swarm, and where: a request says `1`, for it may reach anybody, and the
 * response to it the address.
 */
export const SWARM_HEADER = 'mesh-swarm';

/** What a node or a client says about itself. */
export interface Identity {
  readonly meshId: string;
  /** Undefined for a client that is not a node. */
  readonly address?: Address;
  /** Whether it is in a swarm: only such a node is told of addresses in one. */
  readonly isInSwarm?: true;
  /** Its address there; on a connection by the swarm, it has proven it. */
  readonly inSwarm?: Address;
  /** Whether it wants a RECEIPT for each transaction that it sends. */
  readonly wantsReceipts: boolean;
}

/** The upgrade headers of a node, with the time on its clock, in ms since 1970. */
export function identityHeaders(
  meshId: string,
  address: string,
  nowMs = Date.now(),
): Record<string, string> {
  const date = new Date(nowMs).toUTCString();
  return { 'mesh-version': '1', 'mesh-id': meshId, 'mesh-address': address, date };
}

/** The upgrade headers of a client that is not a node, but speaks as our nodes do. */
export function clientHeaders(meshId: string): Record<string, string> {
  return { 'mesh-version': '1', 'mesh-id': meshId };
}

/** The upgrade headers of a client that wants receipts. */
export function receiptHeaders(meshId: string): Record<string, string> {
  return { ...clientHeaders(meshId), 'mesh-receipts': '1' };
}

export function headerLines(headers: Record<string, string>): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

/** How far the clock of the other end is ahead of ours, in ms; undefined if it does not say. */
export function clockAheadMs({ date }: IncomingHttpHeaders): number | undefined {
  const aheadMs = Date.parse(date ?? '') - Date.now();
  return Number.isNaN(aheadMs) ? undefined : aheadMs;
}

/**
 * Reads the headers of an upgrade request or response; undefined for a plain peer.
 *
 * @param proven the address in the swarm that the other end has proven
 */
export function parseIdentity(
  headers: IncomingHttpHeaders,
  proven?: Address,
): Identity | undefined {
  const meshId = headers['mesh-id'];
  if (headers['mesh-version'] !== '1' || typeof meshId !== 'string') return undefined;
  if (!/^[0-9a-f]{32}$/.test(meshId)) return undefined;
  const address = parseAddress(headers['mesh-address']);
  const wantsReceipts = headers['mesh-receipts'] === '1';
  const said = headers[SWARM_HEADER];
  const inSwarm = proven ?? parseAddress(said);
  return {
    meshId,
    wantsReceipts,
    ...(said !== undefined && { isInSwarm: true as const }),
    ...(address && { address }),
    ...(inSwarm?.scope === 'swarm' && { inSwarm }),
  };
}
