/** One transaction: what counts as one, when two are the same, and its exact text. Pure. */

import canonicalize from 'canonicalize';
import { memberSource, parseJson } from '../json-source.js';
import { LIMITS } from '../limits.js';
import { hash } from '../runtime.js';
import { type Key, keyOf, keyOfText } from './key.js';
import type { Malformed, TransactionId } from './message.js';

/** Where a text stands in a buffer, in UTF-8. */
export interface BytesAt {
  readonly buffer: Buffer;
  /** The offsets of its first byte, and just after its last. */
  readonly start: number;
  readonly end: number;
}

export interface Transaction {
  readonly id: TransactionId;
  /** Represents the id wherever transactions are compared. */
  readonly key: Key;
  /** Its text, exactly as it came, and the length of that in UTF-8. */
  readonly json: string;
  readonly bytes: number;
  /** Where it stands in one line, if it came in one. */
  readonly line?: BytesAt;
}

/** What a block and a pool keep of a transaction. */
type KeyAndText = Pick<Transaction, 'key' | 'json'>;

type JsonObject = Readonly<Record<string, unknown>>;

export const TOO_LARGE = `a transaction of more than ${LIMITS.transactionBytes} bytes`;

const USUAL = usualPattern();
/** Where the id begins in what fits it, with its quote. */
const ID_AT = '{"id":'.length;
/** The longest text of which no more needs to be known: UTF-8 has three bytes a character at most. */
const SHORT = LIMITS.transactionBytes / 3;

/**
 * Reads the text of what may be a transaction.
 *
 * @param bytes how long it is in UTF-8
 * @returns undefined if it is not the text of an object
 */
export function parseTransaction(json: string, bytes: number): Transaction | Malformed | undefined {
  if (endOfUsual(json, 0) === json.length && bytes <= LIMITS.transactionBytes) {
    const quoted = quotedIdAt(json, 0);
    const id = quoted.slice(1, -1);
    if (id.length <= LIMITS.idCharacters) return { id, key: keyOfText(quoted), json, bytes };
  }
  const value = json.startsWith('{') && json.endsWith('}') ? parseJson(json) : undefined;
  return value === undefined ? undefined : readTransaction(value, json, bytes);
}

/**
 * Finds a short and usual transaction within a text, without parsing it.
 *
 * @param at the offset at which it begins
 * @returns undefined if there is another thing; this may be a transaction, too
 */
export function usualTransactionAt(text: string, at: number): KeyAndText | undefined {
  const end = endOfUsual(text, at);
  if (end < 0 || end - at > SHORT) return undefined;
  const quoted = quotedIdAt(text, at);
  if (quoted.length - 2 > LIMITS.idCharacters) return undefined;
  return { key: keyOfText(quoted), json: text.slice(at, end) };
}

/**
 * Reads a transaction.
 *
 * @param value the parsed transaction
 * @param json its source text
 * @param bytes how long that is in UTF-8
 */
export function readTransaction(
  value: unknown,
  json: string,
  bytes = Buffer.byteLength(json),
): Transaction | Malformed {
  if (!isObject(value)) return { malformed: 'a transaction that is not an object', id: null };
  const given = value.id ?? value.hash;
  const unfit = (malformed: string) => ({ malformed, id: isId(given) ? given : null });
  // The depth is checked first: what follows may walk the whole transaction.
  if (isDeeperThan(LIMITS.transactionLevels, value)) {
    return unfit(`a transaction more than ${LIMITS.transactionLevels} levels deep`);
  }
  if (bytes > LIMITS.transactionBytes) return unfit(TOO_LARGE);
  const id = identify(value, json);
  return id === undefined
    ? unfit('a transaction whose id or hash is not usable')
    : { id, key: keyOf(id), json, bytes };
}

/**
 * The identity of a transaction: its `id`, else its `hash`, else the SHA-256 (hex) of its
 * canonical JSON (RFC 8785). A whole number too large for a double is identified by its digits, so
 * that two neighbours are not mistaken for one.
 *
 * @param transaction the parsed transaction
 * @param json its source text
 * @returns undefined when its id or hash is unusable
 */
export function identify(transaction: JsonObject, json: string): TransactionId | undefined {
  const name = transaction.id == null ? 'hash' : 'id';
  const given = transaction[name];
  if (given != null) {
    const id = typeof given === 'number' && !isExact(given) ? memberSource(json, name) : given;
    return isId(id) ? id : undefined;
  }
  try {
    return hash('sha256', canonicalize(transaction) as string);
  } catch {
    // RFC 8785 has no form for lone surrogates, nor for numbers beyond a double.
    return undefined;
  }
}

/** Tells whether two texts hold the same JSON, whatever their layout. */
export function hasSameContent(a: string, b: string): boolean {
  return a === b || canonicalForm(a) === canonicalForm(b);
}

/**
 * Puts JSON into one line of a file: between its tokens, a line break means no more than a space.
 */
export function inOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The pattern of a usual transaction: its id comes first, it has no escapes, and no member is an
 * object or an array. A text that matches is JSON. Matching takes less than half the time of
 * JSON.parse, whose result is not needed here.
 */
function usualPattern(): RegExp {
  const character = '[^"\\\\\\x00-\\x1f]';
  const number = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?';
  const value = `(?:"${character}*"|${number}|true|false|null)`;
  // JSON.parse would take the last of two ids.
  return new RegExp(`\\{"id":"${character}+"(?:,"(?!id")${character}*":${value})*\\}`, 'y');
}

/** The offset just after the usual transaction that begins at `at`; -1 if none does. */
export function endOfUsual(text: string, at: number): number {
  USUAL.lastIndex = at;
  return USUAL.test(text) ? USUAL.lastIndex : -1;
}

/** Where the id of the usual transaction that begins at `at` stands, with its quotes. */
export function quotedIdIn(text: string, at: number): { start: number; end: number } {
  const start = at + ID_AT;
  return { start, end: text.indexOf('"', start + 1) + 1 };
}

function quotedIdAt(text: string, at: number): string {
  const { start, end } = quotedIdIn(text, at);
  return text.slice(start, end);
}

/** Whether a double holds the number that was written, or its nearest fraction. */
function isExact(number: number): boolean {
  return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
}

/** UTF-8 has no form for a lone surrogate, so two such ids could not be told apart. */
function isId(value: unknown): value is TransactionId {
  if (typeof value === 'number') return true;
  if (typeof value !== 'string' || value.length > LIMITS.idCharacters) return false;
  return value.length > 0 && value.isWellFormed();
}

/** Whether objects and arrays nest more than `levels` deep; looks no deeper than that. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  // `for … in` would turn each index into a string, which takes longer than all the rest.
  if (Array.isArray(value)) return value.some((part) => isDeeperThan(levels - 1, part));
  for (const name in value) {
    if (isDeeperThan(levels - 1, (value as JsonObject)[name])) return true;
  }
  return false;
}

/** Its canonical JSON; if RFC 8785 has no form for it, its text as in the pool: in one line. */
function canonicalForm(json: string): string {
  const text = inOneLine(json);
  try {
    return canonicalize(JSON.parse(text)) as string;
  } catch {
    return text;
  }
}
