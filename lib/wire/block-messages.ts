/** The messages about blocks between our nodes: they ask, answer or announce. Pure. */

import { arrayOf, sourceParts } from '../json-source.js';
import { LIMITS } from '../limits.js';
import {
  type Block,
  type Header,
  isHash,
  isWhole,
  parseAll,
  parseBlock,
  parseHeader,
} from './block.js';
import type { MessageOf, Unusable } from './message.js';
import { isObject } from './transaction.js';

/** A block by its height and hash. */
export interface BlockName {
  readonly height: number;
  readonly hash: string;
}

/** Some blocks of a chain, the latest first: another node finds the last common block by them. */
export type Locator = readonly BlockName[];

export interface BlockMessageData {
  /** Asks for the latest block. */
  GET_LATEST_BLOCK: null;
  /** The latest block: an answer, or the announcement of a new one. */
  LATEST_BLOCK: Block;
  /** Asks for the headers, or blocks, after the first block of the locator that is in the chain. */
  GET_HEADERS: Locator;
  GET_BLOCKS: Locator;
  /** In the order of the chain; empty if nothing follows. */
  HEADERS: Header[];
  BLOCKS: Block[];
}

/**
 * Reads the data of a message about blocks.
 *
 * @param json the source text of the data
 * @returns undefined for a message of another type
 */
export function parseBlockMessage(
  type: string,
  data: unknown,
  json: string,
): MessageOf<BlockMessageData> | Unusable | undefined {
  const malformed = { malformed: `${type} data that does not fit` };
  switch (type) {
    case 'GET_LATEST_BLOCK':
      return { type, data: null };
    case 'LATEST_BLOCK': {
      if (hasTooManyTransactions([data])) return malformed;
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
      if (!Array.isArray(data) || hasTooManyTransactions(data)) return malformed;
      const texts = sourceParts(json);
      const blocks = parseAll(data, Infinity, (value, i) => parseBlock(value, texts[i] as string));
      return blocks ? { type, data: blocks } : malformed;
    }
    default:
      return undefined;
  }
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

/** Counted before any transaction is read, so that a frame cannot keep the node busy. */
function hasTooManyTransactions(blocks: readonly unknown[]): boolean {
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
