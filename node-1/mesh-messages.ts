/**
 * What nodes like ours say to each other to find out which transactions each of them lacks.
 * Keys and digests travel in base64; PROTOCOL.md shows an example.
 */

import { LIMITS } from './config.js';
import { KEY_BYTES, type Key } from './key-set.js';
import { CHILDREN, DIGEST_BYTES } from './merkle-tree.js';
import type { Message, Unusable } from './messages.js';

export interface MeshMessageData {
  /** For the digests of the children of each of these nodes of the tree. */
  GET_NODES: string[];
  /** For each node that was asked for, the digests of its children, one after the other. */
  NODES: Buffer[];
  /** For the keys under these nodes, from a place in the order of their arrival. */
  GET_KEYS: { readonly nodes: string[]; readonly from: number };
  /** The keys, and the place to go on from if there may be more. */
  KEYS: { readonly keys: Key[]; readonly next?: number };
  /** For the transactions with these keys. */
  GET_TRANSACTIONS: Key[];
  /** Keys that the other node seems to lack. */
  OFFER_KEYS: Key[];
}

export type MeshType = keyof MeshMessageData;
export type MeshMessage<T extends MeshType = MeshType> = {
  [K in T]: { readonly type: K; readonly data: MeshMessageData[K] };
}[T];

/** base64 writes four characters for each three bytes. */
const KEY_CHARACTERS = (4 * KEY_BYTES) / 3;

/** Reads the data of a message that is about the tree; any other type is unknown. */
export function parseMeshData(type: string, data: unknown): Message | Unusable {
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
      if (!isNodeNames(nodes, /^[0-9a-f]{0,4}$/) || !isPlace(from)) return malformed;
      return { type, data: { nodes, from } };
    }
    case 'KEYS': {
      const { keys: text, next } = membersOf(data);
      const keys = parseKeys(text);
      if (keys === undefined || !(next === undefined || isPlace(next))) return malformed;
      return { type, data: next === undefined ? { keys } : { keys, next } };
    }
    case 'GET_TRANSACTIONS':
    case 'OFFER_KEYS': {
      const keys = parseKeys(data);
      return keys ? { type, data: keys } : malformed;
    }
    default:
      return { unknown: type };
  }
}

/** The frame of a message about the tree. */
export function meshFrame<T extends MeshType>({ type, data }: MeshMessage<T>): string {
  return JSON.stringify({ type, data: wireForms[type](data) });
}

const wireForms: { [T in MeshType]: (data: MeshMessageData[T]) => unknown } = {
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

/** As Buffer.from, which takes anything, but only for what it would write itself. */
function parseBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** All different, for each costs a search. */
function isNodeNames(data: unknown, pattern: RegExp): data is string[] {
  if (!Array.isArray(data) || data.length > LIMITS.treeNodes) return false;
  if (new Set(data).size !== data.length) return false;
  return data.every((name) => typeof name === 'string' && pattern.test(name));
}

function isPlace(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function membersOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}
