/**
 * What may arrive from a peer, and what we send. Everything from a socket passes through
 * here: beyond this file it is bounded and typed.
 */

import { type BlockMessageData, parseBlockMessage } from './block-messages.js';
import { LIMITS } from './config.js';
import { lastNamed, memberSource, parseJson, sourceParts } from './json-source.js';
import { type MeshMessageData, parseMeshData } from './mesh-messages.js';
import { isObject, type Malformed, TOO_LARGE, type TransactionId } from './transaction.js';
import {
  parseTransactionMessage,
  parseUsualMany,
  parseUsualTransaction,
  type TransactionMessageData,
} from './transaction-messages.js';

/** The data of each type of message that we understand. */
interface MessageData extends TransactionMessageData, MeshMessageData, BlockMessageData {
  HANDSHAKE: string[];
}

export type MessageType = keyof MessageData;
export type Data<T extends MessageType> = MessageData[T];
export type Message<T extends MessageType = MessageType> = {
  [K in T]: { readonly type: K; readonly data: MessageData[K] };
}[T];

/** A frame that says nothing to us: one that is malformed, or of a type we don't speak. */
export type Unusable = Malformed | { readonly unknown: string };

/** What became of a transaction; the reason is why it is rejected. */
export interface Outcome {
  readonly status: 'accepted' | 'known' | 'rejected';
  readonly reason?: string;
}

/** Of a large message, only so many members are looked at. */
const LARGE_MEMBERS = 16;
/** What nodes like ours answer each other may be large too. */
const LARGE_ANSWERS = new Set(['RELAY', 'TRANSACTIONS', 'LATEST_BLOCK', 'HEADERS', 'BLOCKS']);
const ANSWER_CHARACTERS = LIMITS.answerBytes + LIMITS.transactionBytes;
const USUAL_HEAD = /^\{"type":"(\w+)","data":/;

/**
 * Reads one text frame. Never throws, whatever it holds.
 *
 * @param frame in UTF-8, which `ws` has made sure of
 * @param isOurs whether it comes from a node like ours; to any other, what only these say to each
 * other is unknown, and may mean anything
 */
export function parseMessage(frame: Buffer, isOurs: boolean): Message | Unusable {
  const text = frame.toString();
  const isLarge = frame.length > LIMITS.largeBytes;
  const mayAnswer = isOurs && text.length <= ANSWER_CHARACTERS;
  const read =
    (isLarge ? undefined : parseUsualTransaction(text, frame)) ??
    (mayAnswer ? (parseUsualMany(text, frame) ?? parseUsualAnswer(text)) : undefined) ??
    (isLarge ? parseLarge(text, isOurs) : undefined);
  if (read !== undefined) return read;
  const message = parseJson(text);
  if (!isObject(message)) return { malformed: 'not a JSON object' };
  const { type, data } = message;
  if (typeof type !== 'string') return { malformed: 'type is not a string' };
  if (type === 'HANDSHAKE') return parseHandshake(data);
  if (!isOurs && type !== 'TRANSACTION') return { unknown: type };
  return parseOurs(type, data, memberSource(text, 'data'));
}

export function handshakeFrame(addresses: readonly string[]): string {
  return JSON.stringify({ type: 'HANDSHAKE', data: addresses });
}

/**
 * Tells a client what became of a transaction it sent.
 *
 * @param id null if the transaction has none that is usable
 */
export function receiptFrame(id: TransactionId | null, outcome: Outcome): string {
  return JSON.stringify({ type: 'RECEIPT', data: { id, ...outcome } });
}

/** Reads what a node says became of a transaction; undefined for any other frame. */
export function parseReceipt(text: string): Required<Outcome> | undefined {
  const message = parseJson(text);
  if (!isObject(message) || message.type !== 'RECEIPT' || !isObject(message.data)) return undefined;
  const { status, reason } = message.data;
  if (status !== 'accepted' && status !== 'known' && status !== 'rejected') return undefined;
  return { status, reason: typeof reason === 'string' ? reason : 'it gives no reason' };
}

function parseHandshake(data: unknown): Message | Unusable {
  if (!Array.isArray(data)) return { malformed: 'HANDSHAKE data is not an array' };
  const addresses = data.slice(0, LIMITS.handshakeAddresses);
  if (!addresses.every((address) => typeof address === 'string')) {
    return { malformed: 'HANDSHAKE data holds something other than addresses' };
  }
  return { type: 'HANDSHAKE', data: addresses };
}

/**
 * Reads an answer that is written as nodes write it, as above: a large one need not be searched for
 * where its data is.
 *
 * @returns undefined for any other frame
 */
function parseUsualAnswer(text: string): Message | Unusable | undefined {
  const [head = '', type = ''] = USUAL_HEAD.exec(text) ?? [];
  if (!LARGE_ANSWERS.has(type)) return undefined;
  const json = text.slice(head.length, -1);
  const data = text.endsWith('}') ? parseJson(json) : undefined;
  return data === undefined ? undefined : parseOurs(type, data, json);
}

/**
 * Reads what only nodes like ours say to each other.
 *
 * @param json the source text of the data
 */
function parseOurs(type: string, data: unknown, json: string): Message | Unusable {
  return (
    parseTransactionMessage(type, data, json) ??
    parseBlockMessage(type, data, json) ??
    parseMeshData(type, data)
  );
}

/**
 * Reads a frame that is larger than most. JSON.parse would be kept busy by a frame full of names
 * or brackets for much longer than it takes to find out that there is nothing in it for us.
 *
 * @returns undefined if all of it is to be read
 */
function parseLarge(text: string, isOurs: boolean): Message | Unusable | undefined {
  const { type, json } = outlineOf(text);
  const isFit = text.length <= ANSWER_CHARACTERS;
  if (type === 'HANDSHAKE' && isFit) return undefined;
  if (type === 'HANDSHAKE') {
    const first = sourceParts(json, LIMITS.handshakeAddresses);
    return parseHandshake(json.startsWith('[') ? parseJson(`[${first.join()}]`) : undefined);
  }
  if (isOurs && typeof type === 'string' && LARGE_ANSWERS.has(type)) {
    return isFit ? undefined : { malformed: `${type} data that is too long` };
  }
  if (type === 'TRANSACTION') return { malformed: TOO_LARGE, id: null };
  return typeof type === 'string' ? { unknown: type } : { malformed: 'not a JSON object' };
}

/** The type of a message, undefined if it seems to be none, and the text of its data. */
function outlineOf(text: string): { type?: unknown; json: string } {
  try {
    const members = sourceParts(text, LARGE_MEMBERS);
    return { type: JSON.parse(lastNamed(members, 'type')), json: lastNamed(members, 'data') };
  } catch {
    return { json: '' };
  }
}
