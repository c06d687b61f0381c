/**
 * What may arrive from a peer, and what we send. Everything from a socket passes through
 * here: beyond this file it is bounded and typed.
 */

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import canonicalize from 'canonicalize';
import { type Address, parseAddress } from './addresses.js';
import { LIMITS } from './config.js';
import { memberSource } from './json-source.js';

export type TransactionId = string | number;

export interface Transaction {
  readonly id: TransactionId;
  /** The transaction's own JSON text, exactly as it came. */
  readonly json: string;
}

/** The data of each type of message that we understand. */
interface MessageData {
  HANDSHAKE: string[];
  TRANSACTION: Transaction;
}

export type MessageType = keyof MessageData;
export type Data<T extends MessageType> = MessageData[T];
export type Message<T extends MessageType = MessageType> = {
  [K in T]: { readonly type: K; readonly data: MessageData[K] };
}[T];

/** A frame we cannot use: `malformed` is a fault of the sender, `unknown` a type we don't speak. */
export type Unusable = { readonly malformed: string } | { readonly unknown: string };

/** What nodes like ours tell each other in the headers of the WebSocket upgrade. */
export interface Announcement {
  readonly meshId: string;
  /** Absent on a client that is no node. */
  readonly address?: Address;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads one text frame. Never throws, whatever the text. */
export function parseMessage(text: string): Message | Unusable {
  const frame = parseJson(text);
  if (!isObject(frame)) return { malformed: 'not a JSON object' };
  switch (frame.type) {
    case 'HANDSHAKE':
      return parseHandshake(frame.data);
    case 'TRANSACTION':
      return parseTransaction(frame.data, text);
    default:
      return typeof frame.type === 'string'
        ? { unknown: frame.type }
        : { malformed: 'type is not a string' };
  }
}

/**
 * The identity of a transaction: its `id`, else its `hash`, else the SHA-256 (hex) of its
 * canonical JSON (RFC 8785). A whole number too large for a double counts by its digits, lest
 * two neighbours be taken for one.
 *
 * @param transaction the parsed transaction
 * @param json its source text
 * @returns undefined when what it offers as its identity is none
 */
export function identify(transaction: JsonObject, json: string): TransactionId | undefined {
  const name = transaction.id == null ? 'hash' : 'id';
  const given = transaction[name];
  if (given != null) {
    const id = typeof given === 'number' && !isExact(given) ? memberSource(json, name) : given;
    return isId(id) ? id : undefined;
  }
  try {
    return createHash('sha256')
      .update(canonicalize(transaction) as string)
      .digest('hex');
  } catch {
    // RFC 8785 has no form for lone surrogates and numbers beyond a double.
    return undefined;
  }
}

export function handshakeFrame(addresses: readonly string[]): string {
  return JSON.stringify({ type: 'HANDSHAKE', data: addresses });
}

export function transactionFrame(transaction: Transaction): string {
  return `{"type":"TRANSACTION","data":${transaction.json}}`;
}

/** The upgrade headers by which nodes like ours recognise each other; others ignore them. */
export function announcementHeaders(meshId: string, address: string): Record<string, string> {
  return { 'mesh-version': '1', 'mesh-id': meshId, 'mesh-address': address };
}

export function headerLines(headers: Record<string, string>): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

/** Reads the headers of an upgrade request or response; undefined for a plain peer. */
export function parseAnnouncement(headers: IncomingHttpHeaders): Announcement | undefined {
  const meshId = headers['mesh-id'];
  if (headers['mesh-version'] !== '1' || typeof meshId !== 'string') return undefined;
  if (!/^[0-9a-f]{32}$/.test(meshId)) return undefined;
  const address = parseAddress(headers['mesh-address']);
  return address === undefined ? { meshId } : { meshId, address };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseHandshake(data: unknown): Message | Unusable {
  if (!Array.isArray(data)) return { malformed: 'HANDSHAKE data is not an array' };
  const addresses = data.slice(0, LIMITS.handshakeAddresses);
  if (!addresses.every((address) => typeof address === 'string')) {
    return { malformed: 'HANDSHAKE data holds something other than addresses' };
  }
  return { type: 'HANDSHAKE', data: addresses };
}

function parseTransaction(data: unknown, frame: string): Message | Unusable {
  if (!isObject(data)) return { malformed: 'a transaction that is not an object' };
  // Depth first: what follows may walk the transaction to the bottom.
  if (isDeeperThan(LIMITS.transactionLevels, data)) {
    return { malformed: `a transaction more than ${LIMITS.transactionLevels} levels deep` };
  }
  const json = memberSource(frame, 'data');
  if (Buffer.byteLength(json) > LIMITS.transactionBytes) {
    return { malformed: `a transaction of more than ${LIMITS.transactionBytes} bytes` };
  }
  const id = identify(data, json);
  if (id === undefined) return { malformed: 'a transaction whose id or hash is not usable' };
  return { type: 'TRANSACTION', data: { id, json } };
}

/** Tells whether a number is the one that was written, or a fraction, as near as it gets. */
function isExact(number: number): boolean {
  return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
}

function isId(value: unknown): value is TransactionId {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && value.length > 0 && value.length <= LIMITS.idCharacters;
}

/** Tells whether objects and arrays nest more than `levels` deep, looking no deeper than that. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
