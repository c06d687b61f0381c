/** One transaction: what is taken for one, what makes two the same, and its exact text. */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LIMITS } from './config.js';
import { memberSource, parseJson } from './json-source.js';
import { type Key, keyOf, keyOfText } from './key-set.js';

export type TransactionId = string | number;

export interface Transaction {
  readonly id: TransactionId;
  /** Stands for the id wherever two are compared. */
  readonly key: Key;
  /** Its text, exactly as it came, and how long that is in UTF-8. */
  readonly json: string;
  readonly bytes: number;
}

/** A frame that breaks the rules. If it was to be a transaction: its id, null if not usable. */
export interface Malformed {
  readonly malformed: string;
  readonly id?: TransactionId | null;
}

type JsonObject = Readonly<Record<string, unknown>>;

export const TOO_LARGE = `a transaction of more than ${LIMITS.transactionBytes} bytes`;

const USUAL = usualPattern();
/** Where the id begins in what fits it, with its quote. */
const ID_AT = '{"id":'.length;

/**
 * Reads the text of what may be a transaction.
 *
 * @param bytes how long it is in UTF-8
 * @returns undefined where it is not the text of an object
 */
export function parseTransaction(json: string, bytes: number): Transaction | Malformed | undefined {
  if (USUAL.test(json) && bytes <= LIMITS.transactionBytes) {
    const quoted = json.slice(ID_AT, json.indexOf('"', ID_AT + 1) + 1);
    const id = quoted.slice(1, -1);
    if (id.length <= LIMITS.idCharacters) return { id, key: keyOfText(quoted), json, bytes };
  }
  const value = json.startsWith('{') && json.endsWith('}') ? parseJson(json) : undefined;
  return value === undefined ? undefined : readTransaction(value, json, bytes);
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
  // Depth first: what follows may walk the transaction to the bottom.
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
    return hash('sha256', canonicalize(transaction) as string);
  } catch {
    // RFC 8785 has no form for lone surrogates and numbers beyond a double.
    return undefined;
  }
}

/** Tells whether two texts say the same, however they are spelt. */
export function hasSameContent(a: string, b: string): boolean {
  return a === b || canonicalForm(a) === canonicalForm(b);
}

/** A line in a file: between the tokens of JSON a line break is no more than a space. */
export function inOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The pattern of a transaction as most are: its id comes first, there are no escapes, and nothing
 * in it is an object or an array. What fits is JSON, and to see that takes less than half the time
 * that it takes to build what it says, which nobody here wants to know.
 */
function usualPattern(): RegExp {
  const character = '[^"\\\\\\x00-\\x1f]';
  const number = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?';
  const value = `(?:"${character}*"|${number}|true|false|null)`;
  // A second id would be the one that counts.
  return new RegExp(`^\\{"id":"${character}+"(?:,"(?!id")${character}*":${value})*\\}$`);
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
  // Names would be made of its indexes, which takes longer than all the rest.
  if (Array.isArray(value)) return value.some((part) => isDeeperThan(levels - 1, part));
  for (const name in value) {
    if (isDeeperThan(levels - 1, (value as JsonObject)[name])) return true;
  }
  return false;
}

/** If RFC 8785 has no form for it, its text as it would be in the pool: in one line. */
function canonicalForm(json: string): string {
  const text = inOneLine(json);
  try {
    return canonicalize(JSON.parse(text)) as string;
  } catch {
    return text;
  }
}
