/** What is wrong with a dial or a connection, in words for a person. */

import { LIMITS } from '../limits.js';
import type { AddressBook } from './address-book.js';
import { isBySwarm } from './by-swarm.js';
import type { Connection } from './connection.js';

/** OpenSSL's errors for a certificate of an authority that we do not trust. */
const UNTRUSTED = /UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT/;

/** What is known by a code, of a socket, of a lookup or of the HTTP parser. */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'that machine does not answer',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'no name server answers',
  ETIMEOUT: 'no name server answers',
  EAI_FAIL: 'its name could not be looked up',
  EPROTO: 'it speaks no TLS: it is ws://',
  CERT_HAS_EXPIRED: 'its certificate has expired, or one of the clocks is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or one of the clocks is wrong',
  PEER_NOT_FOUND: 'nobody in the swarm has that key',
  PEER_CONNECTION_FAILED: 'the swarm finds no way to it',
  HOLEPUNCH_ABORTED: 'no way was found through the two routers',
  HOLEPUNCH_PROBE_TIMEOUT: 'no way was found through the two routers',
  HOLEPUNCH_DOUBLE_RANDOMIZED_NATS:
    'both routers change ports at random: no way leads through them',
  CANNOT_HOLEPUNCH: 'no way was found through the two routers',
  REMOTE_NOT_HOLEPUNCHABLE: 'no way leads through its router',
  REMOTE_ABORTED: 'it hangs up: it may have no room',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Why a dial of an address failed, for a person: what is known, and what it may be. */
export function explainError(error: NodeJS.ErrnoException, address: string): string {
  const { code = '', message } = error;
  const isTls = /^wss:/i.test(address);
  if (BY_CODE[code] !== undefined) return BY_CODE[code];
  if (UNTRUSTED.test(code)) return 'its certificate is from nobody that TLS_CA names';
  const maybe = isTls ? '' : ', or it is wss://';
  // The peer, or what is before it, is gone before it has said anything.
  if (code === 'ECONNRESET' || message === 'socket hang up') {
    return `it hangs up: it may have no room${maybe}`;
  }
  if (code.startsWith('HPE_')) return `what listens there is another program${maybe}`;
  const status = Number(/^Unexpected server response: (\d+)$/.exec(message)?.[1]);
  return status ? explainStatus(status, isTls) : message || code || 'no connection';
}

/** Why what listens there answers with an HTTP status where a node would begin to speak WebSocket. */
function explainStatus(status: number, isTls: boolean): string {
  if (status === 401) return 'it wants another NETWORK_SECRET';
  const answers = `it answers ${status}`;
  if (status >= 500) return `${answers}: a proxy may be there, and no node behind it`;
  if (status >= 300 && status < 400 && !isTls)
    return `${answers}: it leads elsewhere, maybe to wss://`;
  return `${answers}: it may be a node or a proxy that knows itself by another name, or another program`;
}

/** Why a connection ended, for a person. */
export function explainClose(code: number): string {
  if (code === 1001) return 'it left';
  if (code === 1006) return 'the connection broke';
  return `closed with code ${code}`;
}

/**
 * Why one of our nodes cannot be dialled by the address that it gives itself; undefined if it can.
 *
 * @param ownAddress as we announce it
 */
export function explainAddress(
  connection: Pick<Connection, 'identity' | 'tcp'>,
  ownAddress: string,
  addressBook: AddressBook,
): string | undefined {
  const { identity, tcp } = connection;
  const address = identity?.address;
  // We dial a node back by the swarm if it came by the swarm, whatever it calls itself elsewhere.
  if (address === undefined || isBySwarm(connection)) return undefined;
  const who = `a node at ${tcp?.remoteAddress} calls itself ${address.text}`;
  if (addressBook.isOwn(address)) return `${who}, as we do: one of the two needs another ADDRESS`;
  if (addressBook.isInReach(address)) return undefined;
  return `${who}, where we, as ${ownAddress}, do not dial: each needs an ADDRESS that the other reaches`;
}

/**
 * What follows if the clock of a peer is so many ms ahead of ours; undefined if the two differ by no
 * more than blocks allow.
 */
export function explainClocks(aheadMs: number): string | undefined {
  if (Math.abs(aheadMs) <= LIMITS.blockAheadMs) return undefined;
  const hours = (Math.abs(aheadMs) / 3_600_000).toFixed(1);
  return aheadMs > 0
    ? `${hours} hours ahead of ours: if it is right, ours is behind, and we take none of its blocks`
    : `${hours} hours behind ours: if it is right, ours is ahead, and it takes none of our blocks`;
}
