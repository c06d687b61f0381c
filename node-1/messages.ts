/**
 * What may arrive from a peer, and what we send. Everything from a socket passes through
 * here: beyond this file it is bounded and typed.
 */

import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LIMITS } from './config.js';
import { lastNamed, memberSource, sourceParts } from './json-source.js';
import { type Key, keyOf } from './key-set.js';
import { type MeshMessageData, parseMeshData } from './mesh-messages.js';

export type TransactionId = string | number;

export interface Transaction {
  readonly id: TransactionId;
  /** Stands for the id wherever two are compared. */
  readonly key: Key;
  /** The TRANSACTION frame it travels in, with its own text exactly as it came. */
  readonly frame: Buffer;
}

/** The data of each type of message that we understand. */
interface MessageData extends MeshMessageData {
  HANDSHAKE: string[];
  TRANSACTION: Transaction;
  /** Answers GET_TRANSACTIONS. */
  TRANSACTIONS: Transaction[];
}

export type MessageType = keyof MessageData;
export type Data<T extends MessageType> = MessageData[T];
export type Message<T extends MessageType = MessageType> = {
  [K in T]: { readonly type: K; readonly data: MessageData[K] };
}[T];

/** A frame that breaks the rules. If it was to be a transaction: its id, null if not usable. */
export interface Malformed {
  readonly malformed: string;
  readonly id?: TransactionId | null;
}

/** A frame that says nothing to us: one that is malformed, or of a type we don't speak. */
export type Unusable = Malformed | { readonly unknown: string };

/** What became of a transaction; the reason is why it is rejected. */
export interface Outcome {
  readonly status: 'accepted' | 'known' | 'rejected';
  readonly reason?: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

const TOO_LARGE = `a transaction of more than ${LIMITS.transactionBytes} bytes`;
const TRANSACTION_HEAD = '{"type":"TRANSACTION","data":';
/** Of a large message, only so many members are looked at. */
const LARGE_MEMBERS = 16;
const COMMA = Buffer.from(',');
const TRANSACTIONS_HEAD = '{"type":"TRANSACTIONS","data":[';

/**
 * Reads one text frame. Never throws, whatever it holds.
 *
 * @param isOurs whether it comes from a node like ours; to any other, what only these say to each
 * other is unknown, and may mean anything
 */
export function parseMessage(frame: Buffer, isOurs: boolean): Message | Unusable {
  const text = frame.toString();
  const large = frame.length > LIMITS.largeBytes ? parseLarge(text, isOurs) : undefined;
  if (large !== undefined) return large;
  const usual = parseUsualTransaction(text, frame);
  if (usual !== undefined) return usual;
  const message = parseJson(text);
  if (!isObject(message)) return { malformed: 'not a JSON object' };
  const { type, data } = message;
  if (typeof type !== 'string') return { malformed: 'type is not a string' };
  if (type === 'HANDSHAKE') return parseHandshake(data);
  if (type === 'TRANSACTION') return parseTransaction(data, memberSource(text, 'data'));
  if (!isOurs) return { unknown: type };
  if (type === 'TRANSACTIONS') return parseTransactions(data, memberSource(text, 'data'));
  return parseMeshData(type, data);
}

/**
 * Reads a transaction.
 *
 * @param value the parsed transaction
 * @param json its source text
 */
export function readTransaction(
  value: unknown,
  json: string,
): Omit<Transaction, 'frame'> | Malformed {
  if (!isObject(value)) return { malformed: 'a transaction that is not an object', id: null };
  const given = value.id ?? value.hash;
  const unfit = (malformed: string) => ({ malformed, id: isId(given) ? given : null });
  // Depth first: what follows may walk the transaction to the bottom.
  if (isDeeperThan(LIMITS.transactionLevels, value)) {
    return unfit(`a transaction more than ${LIMITS.transactionLevels} levels deep`);
  }
  if (Buffer.byteLength(json) > LIMITS.transactionBytes) {
    return unfit(TOO_LARGE);
  }
  const id = identify(value, json);
  return id === undefined
    ? unfit('a transaction whose id or hash is not usable')
    : { id, key: keyOf(id) };
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

/** Tells whether two texts say the same, however they are spelt. */
export function hasSameContent(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || canonicalForm(a) === canonicalForm(b);
}

export function handshakeFrame(addresses: readonly string[]): string {
  return JSON.stringify({ type: 'HANDSHAKE', data: addresses });
}

export function transactionFrame(json: string): string {
  return `${TRANSACTION_HEAD}${json}}`;
}

/** The text of a transaction, as it came. */
export function jsonOf({ frame }: Transaction): Buffer {
  return frame.subarray(TRANSACTION_HEAD.length, -1);
}

/** @param texts the text of each transaction */
export function transactionsFrame(texts: readonly Buffer[]): Buffer {
  const parts = texts.flatMap((text, i) => (i === 0 ? [text] : [COMMA, text]));
  return Buffer.concat([Buffer.from(TRANSACTIONS_HEAD), ...parts, Buffer.from(']}')]);
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

function isObject(value: unknown): value is JsonObject {
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

/**
 * Reads a TRANSACTION frame that is written as nodes write it: what stands between its head and
 * its last brace is the transaction if it is JSON by itself. So it is parsed once, and relayed
 * as the bytes it came in.
 *
 * @returns undefined for any other frame
 */
function parseUsualTransaction(text: string, frame: Buffer): Message | Unusable | undefined {
  if (!text.startsWith(TRANSACTION_HEAD) || !text.endsWith('}}')) return undefined;
  const json = text.slice(TRANSACTION_HEAD.length, -1);
  const value = json.startsWith('{') ? parseJson(json) : undefined;
  if (value === undefined) return undefined;
  const read = readTransaction(value, json);
  return 'malformed' in read ? read : { type: 'TRANSACTION', data: { ...read, frame } };
}

/**
 * Reads a frame that is larger than most. JSON.parse would be kept busy by a frame full of names
 * or brackets for much longer than it takes to find out that there is nothing in it for us.
 *
 * @returns undefined if all of it is to be read
 */
function parseLarge(text: string, isOurs: boolean): Message | Unusable | undefined {
  const { type, json } = outlineOf(text);
  const isFit = text.length <= LIMITS.answerBytes + LIMITS.transactionBytes;
  if (type === 'HANDSHAKE' && isFit) return undefined;
  if (type === 'HANDSHAKE') {
    const first = sourceParts(json, LIMITS.handshakeAddresses);
    return parseHandshake(json.startsWith('[') ? parseJson(`[${first.join()}]`) : undefined);
  }
  if (type === 'TRANSACTIONS' && isOurs) {
    return isFit ? undefined : { malformed: 'TRANSACTIONS data that is too long' };
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

function parseTransaction(value: unknown, json: string): Message | Unusable {
  const read = readTransaction(value, json);
  if ('malformed' in read) return read;
  const frame = Buffer.from(transactionFrame(json));
  return { type: 'TRANSACTION', data: { ...read, frame } };
}

function parseTransactions(data: unknown, json: string): Message | Unusable {
  if (!Array.isArray(data)) return { malformed: 'TRANSACTIONS data is not an array' };
  // Before each is looked at: nobody asks for so many.
  if (data.length > LIMITS.keys) return { malformed: 'TRANSACTIONS data that is too long' };
  const texts = sourceParts(json);
  const messages = data.map((value, index) => parseTransaction(value, texts[index] as string));
  const transactions = messages.flatMap((message) =>
    'type' in message && message.type === 'TRANSACTION' ? message.data : [],
  );
  return transactions.length === data.length
    ? { type: 'TRANSACTIONS', data: transactions }
    : { malformed: 'TRANSACTIONS data holds something other than transactions' };
}

/** Tells whether a number is the one that was written, or a fraction, as near as it gets. */
function isExact(number: number): boolean {
  return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
}

/** A lone surrogate has no form in UTF-8, so that two such ids could not be told apart. */
function isId(value: unknown): value is TransactionId {
  if (typeof value === 'number') return true;
  if (typeof value !== 'string' || value.length > LIMITS.idCharacters) return false;
  return value.length > 0 && value.isWellFormed();
}

/** Tells whether objects and arrays nest more than `levels` deep, looking no deeper than that. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

/** If RFC 8785 has no form for it, its text as it would be in the pool: in one line. */
function canonicalForm(json: Buffer): string {
  const text = json.toString().replace(/[\r\n]+/g, ' ');
  try {
    return canonicalize(JSON.parse(text)) as string;
  } catch {
    return text;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
