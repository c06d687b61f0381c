/**
 * The messages with which two of our nodes find out which transactions each of them lacks. Pure.
 * Keys and digests are sent in base64; docs/protocol.md shows an example.
 */

import { LIMITS } from '../limits.js';
import { KEY_BYTES, type Key } from './key.js';
import type { MessageOf, Unusable } from './message.js';

/** The Merkle tree over keys: children per node, and bytes per digest. */
export const CHILDREN = 16;
export const DIGEST_BYTES = 8;

export interface ReconciliationMessageData {
  /** Asks for the digests of the children of each of these nodes of the tree. */
  GET_NODES: string[];
  /** For each node asked for: the digests of its children, concatenated. */
  NODES: Buffer[];
  /** Asks for the keys under these nodes, from a position in the order of their arrival. */
  GET_KEYS: { readonly nodes: string[]; readonly from: number };
  /** The keys, and the position to continue from if there may be more. */
  KEYS: { readonly keys: Key[]; readonly next?: number };
  /** Asks for the transactions with these keys. */
  GET_TRANSACTIONS: Key[];
  /** Keys that the other node seems to lack. */
  OFFER_KEYS: Key[];
}

export type ReconciliationType = keyof ReconciliationMessageData;
export type ReconciliationMessage<T extends ReconciliationType = ReconciliationType> = MessageOf<
  Pick<ReconciliationMessageData, T>
>;

/** base64 writes four characters for every three bytes. */
const KEY_CHARACTERS = (4 * KEY_BYTES) / 3;

/** Reads the data of a message about reconciliation; undefined for a message of another type. */
export function parseReconciliationMessage(
  type: string,
  data: unknown,
): ReconciliationMessage | Unusable | undefined {
  const malformed = { malformed: `${type} data that does not fit` };
  switch (type) {
    case 'GET_NODES':
      return isNodeNames(data, /^[0-9a-f]{0,3}$/) ? { type, data } : malformed;
    case 'NODES': {
      const nodes = parseNodes(data);
      return nodes ? { type, data: nodes } : malformed;
    }
    case 'GET_KEYS': {
      const { nodes, from } = membersOf(data);
      if (!isNodeNames(nodes, /^[0-9a-f]{0,4}$/) || !isPosition(from)) return malformed;
      return { type, data: { nodes, from } };
    }
    case 'KEYS': {
      const { keys: text, next } = membersOf(data);
      const keys = parseKeys(text);
      if (keys === undefined || !(next === undefined || isPosition(next))) return malformed;
      return { type, data: next === undefined ? { keys } : { keys, next } };
    }
    case 'GET_TRANSACTIONS':
    case 'OFFER_KEYS': {
      const keys = parseKeys(data);
      return keys ? { type, data: keys } : malformed;
    }
    default:
      return undefined;
  }
}

/** The frame of a message about reconciliation. */
export function reconciliationFrame({ type, data }: ReconciliationMessage): string {
  const toWire = WIRE_FORMS[type] as (data: unknown) => unknown;
  return JSON.stringify({ type, data: toWire(data) });
}

const WIRE_FORMS: { [T in ReconciliationType]: (data: ReconciliationMessageData[T]) => unknown } = {
  GET_NODES: (names) => names,
  NODES: (digests) => digests.map((each) => each.toString('base64')),
  GET_KEYS: (request) => request,
  KEYS: ({ keys, next }) => ({ keys: keysText(keys), next }),
  GET_TRANSACTIONS: keysText,
  OFFER_KEYS: keysText,
};

function keysText(keys: readonly Key[]): string {
  return Buffer.from(keys.join(''), 'latin1').toString('base64');
}

function parseKeys(text: unknown): Key[] | undefined {
  if (typeof text !== 'string' || text.length > LIMITS.keys * KEY_CHARACTERS) return undefined;
  const bytes = parseBase64(text)?.toString('latin1');
  if (bytes === undefined || bytes.length % KEY_BYTES !== 0) return undefined;
  const count = bytes.length / KEY_BYTES;
  return Array.from({ length: count }, (_, i) => bytes.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES));
}

function parseNodes(data: unknown): Buffer[] | undefined {
  if (!Array.isArray(data) || data.length > LIMITS.treeNodes) return undefined;
  const nodes = data.flatMap((text) => parseBase64(text) ?? []);
  const isFit = nodes.every(({ length }) => length === CHILDREN * DIGEST_BYTES);
  return isFit && nodes.length === data.length ? nodes : undefined;
}

/** Buffer.from accepts any text; this accepts only what Buffer would write itself. */
function parseBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** The names must all differ, because each costs a search. */
function isNodeNames(data: unknown, pattern: RegExp): data is string[] {
  if (!Array.isArray(data) || data.length > LIMITS.treeNodes) return false;
  if (new Set(data).size !== data.length) return false;
  return data.every((name) => typeof name === 'string' && pattern.test(name));
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function membersOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}
