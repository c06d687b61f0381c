/** What nodes like ours say to each other about the chain: each message asks or answers. */

import { type Block, type Header, type SealedTransaction, toBlock } from './blocks.js';
import { LIMITS } from './config.js';
import { arrayOf, memberSource, sourceParts } from './json-source.js';
import type { Message, Unusable } from './messages.js';
import { inOneLine, isObject, readTransaction } from './transaction.js';

/** A block by its height and hash. */
export interface BlockName {
  readonly height: number;
  readonly hash: string;
}

/** Some blocks of a chain, the latest first, by which another node finds where its own leaves it. */
export type Locator = readonly BlockName[];

export interface BlockMessageData {
  /** For the latest block. */
  GET_LATEST_BLOCK: null;
  /** The latest block: an answer, or an announcement of a new one. */
  LATEST_BLOCK: Block;
  /** For what follows the first block of the locator that is in the chain: headers, or all of it. */
  GET_HEADERS: Locator;
  GET_BLOCKS: Locator;
  /** In the order of the chain; nothing, where nothing follows. */
  HEADERS: Header[];
  BLOCKS: Block[];
}

const HASH = /^[0-9a-f]{64}$/;

/**
 * Reads the data of a message about the chain.
 *
 * @param json the source text of the data
 * @returns undefined for a message of another type
 */
export function parseBlockMessage(
  type: string,
  data: unknown,
  json: string,
): Message | Unusable | undefined {
  const malformed = { malformed: `${type} data that does not fit` };
  switch (type) {
    case 'GET_LATEST_BLOCK':
      return { type, data: null };
    case 'LATEST_BLOCK': {
      if (isTedious([data])) return malformed;
      const block = parseBlock(data, json);
      return block ? { type, data: block } : malformed;
    }
    case 'GET_HEADERS':
    case 'GET_BLOCKS': {
      const locator = parseAll(data, LIMITS.locatorEntries, parseName);
      return locator ? { type, data: locator } : malformed;
    }
    case 'HEADERS': {
      const headers = parseAll(data, LIMITS.headers, parseHeader);
      return headers ? { type, data: headers } : malformed;
    }
    case 'BLOCKS': {
      if (!Array.isArray(data) || isTedious(data)) return malformed;
      const texts = sourceParts(json);
      const blocks = parseAll(data, Infinity, (value, i) => parseBlock(value, texts[i] as string));
      return blocks ? { type, data: blocks } : malformed;
    }
    default:
      return undefined;
  }
}

/**
 * Reads a block.
 *
 * @param value the parsed block
 * @param json its source text
 * @returns undefined if it is none, whether valid or not
 */
export function parseBlock(value: unknown, json: string): Block | undefined {
  const header = parseHeader(value);
  if (header === undefined || !isObject(value) || !Array.isArray(value.transactions)) {
    return undefined;
  }
  const texts = sourceParts(memberSource(json, 'transactions'));
  const parse = (each: unknown, i: number) => parseTransaction(each, texts[i] as string);
  const sealed = parseAll(value.transactions, Infinity, parse);
  return sealed && toBlock(header, sealed);
}

export function getLatestBlockFrame(): string {
  return JSON.stringify({ type: 'GET_LATEST_BLOCK', data: null });
}

/** @param json the text of the block */
export function latestBlockFrame(json: string | Buffer): Buffer {
  return Buffer.from(`{"type":"LATEST_BLOCK","data":${json}}`);
}

export function locatorFrame(type: 'GET_HEADERS' | 'GET_BLOCKS', data: Locator): string {
  return JSON.stringify({ type, data });
}

export function headersFrame(headers: readonly Header[]): string {
  return JSON.stringify({ type: 'HEADERS', data: headers });
}

/** @param texts the text of each block */
export function blocksFrame(texts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('{"type":"BLOCKS","data":'), arrayOf(texts), Buffer.from('}')]);
}

/** Before each is looked at: whether there are more transactions in these than in any answer. */
function isTedious(blocks: readonly unknown[]): boolean {
  let transactions = 0;
  for (const block of blocks) {
    if (isObject(block) && Array.isArray(block.transactions)) {
      transactions += block.transactions.length;
    }
  }
  return transactions > LIMITS.answerTransactions;
}

function parseName(value: unknown): BlockName | undefined {
  if (!isObject(value)) return undefined;
  const { height, hash } = value;
  return isWhole(height) && isHash(hash) ? { height, hash } : undefined;
}

function parseHeader(value: unknown): Header | undefined {
  if (!isObject(value)) return undefined;
  const { height, timestamp, previousHash, merkleRoot, nonce, hash } = value;
  if (!isWhole(height) || !isWhole(timestamp) || !isWhole(nonce)) return undefined;
  if (!isHash(previousHash) || !isHash(merkleRoot) || !isHash(hash)) return undefined;
  return { height, timestamp, previousHash, merkleRoot, nonce, hash };
}

function parseTransaction(value: unknown, text: string): SealedTransaction | undefined {
  const json = inOneLine(text);
  const read = readTransaction(value, json);
  return 'key' in read ? { key: read.key, json } : undefined;
}

/** Reads each element of an array; undefined if one cannot be, or there are more than `limit`. */
function parseAll<T>(
  data: unknown,
  limit: number,
  parse: (value: unknown, index: number) => T | undefined,
): T[] | undefined {
  if (!Array.isArray(data) || data.length > limit) return undefined;
  const parsed: T[] = [];
  for (const [index, value] of data.entries()) {
    const each = parse(value, index);
    if (each === undefined) return undefined;
    parsed.push(each);
  }
  return parsed;
}

/** JSON has a -0 too, which would not stay what it is. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}
