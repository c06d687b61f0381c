/**
 * The routes by which programs read what a node has. Each text of a transaction or a block is given
 * exactly as it is stored.
 */

import type { Chain } from '../chain/chain.js';
import { LIMITS } from '../limits.js';
import type { Arrived, Content } from './content.js';
import { type Observed, readPeers } from './peer-list.js';

/** Said to who asks for something that there is not, or not so. */
export class UnfitRequestError extends Error {
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Answers a request for what the node has.
 *
 * @param path as it came, without its query
 * @returns JSON; undefined if the path is another one
 * @throws UnfitRequestError
 */
export async function answerWithContent(
  path: string,
  query: URLSearchParams,
  content: Content,
  observed: Observed,
): Promise<string | undefined> {
  const [, room = '', name] = /^\/(transactions|blocks|peers)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (room === 'transactions' && name === undefined) return transactions(query, content);
  if (room === 'transactions') return transaction(decode(name), content);
  if (room === 'blocks' && name === undefined) return blocks(query, content, observed.chain);
  if (room === 'blocks') return block(name ?? '', content, observed.chain);
  if (room === 'peers' && name === undefined) return JSON.stringify({ peers: readPeers(observed) });
  return undefined;
}

/** A transaction as a line of JSON. */
export function lineOf({ place, height, json }: Arrived): string {
  const where = JSON.stringify({ place: place ?? null, block: height ?? null });
  return `${where.slice(0, -1)},"transaction":${json}}`;
}

/**
 * Reads a number in a query.
 *
 * @throws UnfitRequestError if it is no whole number from `least` to `most`
 */
export function numberIn(
  query: URLSearchParams,
  name: string,
  byDefault: number,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const text = query.get(name);
  if (text === null) return byDefault;
  const number = Number(text);
  if (/^\d{1,16}$/.test(text) && number >= least && number <= most) return number;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  throw new UnfitRequestError(400, `${name} must be a whole number ${range}`);
}

async function transactions(query: URLSearchParams, content: Content): Promise<string> {
  const after = numberIn(query, 'after', 0);
  const { arrived, next } = await content.transactionsAfter(after, limitIn(query));
  return `{"transactions":[${arrived.map(lineOf).join()}],"next":${next}}`;
}

async function transaction(id: string, content: Content): Promise<string> {
  const found = await content.transaction(id);
  if (found === undefined) throw new UnfitRequestError(404, 'no transaction has this id');
  return lineOf(found);
}

async function blocks(query: URLSearchParams, content: Content, chain: Chain): Promise<string> {
  const from = numberIn(query, 'from', 0);
  const texts = await content.blocksFrom(from, limitIn(query));
  return `{"height":${chain.savedHeight},"blocks":[${texts.join()}],"next":${from + texts.length}}`;
}

async function block(name: string, content: Content, chain: Chain): Promise<string> {
  const height = /^\d{1,15}$/.test(name) ? Number(name) : Infinity;
  const [text] = height <= chain.savedHeight ? await content.blocksFrom(height, 1) : [];
  if (text === undefined) throw new UnfitRequestError(404, 'there is no block of this height');
  return text;
}

function limitIn(query: URLSearchParams): number {
  return numberIn(query, 'limit', LIMITS.listed, 1, LIMITS.listedAtMost);
}

function decode(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UnfitRequestError(400, 'the id in the path is not percent-encoded UTF-8');
  }
}
