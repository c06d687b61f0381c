/**
 * The messages that carry transactions: one per frame in the plain protocol, or many per frame
 * between our own nodes. In a frame of many, each has its own line, as in the file of the pool.
 * JSON allows no line break within a string, so splitting the lines finds the text of each. Pure.
 */

import { sourceParts } from '../json-source.js';
import { LIMITS } from '../limits.js';
import type { Malformed, MessageOf, Unusable } from './message.js';
import { parseTransaction, readTransaction, type Transaction } from './transaction.js';

export interface TransactionMessageData {
  TRANSACTION: Transaction;
  /** New transactions, relayed from node to node. */
  RELAY: Transaction[];
  /** Answers GET_TRANSACTIONS. */
  TRANSACTIONS: Transaction[];
}

/** The types of messages that carry many transactions. */
type Many = Exclude<keyof TransactionMessageData, 'TRANSACTION'>;
type Read = MessageOf<TransactionMessageData> | Unusable | undefined;

const HEAD = '{"type":"TRANSACTION","data":';
/** The text before the transactions if there are any, between them, and after them. */
const MANY_HEADS = {
  RELAY: '{"type":"RELAY","data":[\n',
  TRANSACTIONS: '{"type":"TRANSACTIONS","data":[\n',
};
const SEPARATOR = ',\n';
const SEPARATOR_BYTES = Buffer.from(SEPARATOR);
const MANY_TAIL = '\n]}';

/** @param json the text of the transaction */
export function transactionFrame(json: string): Buffer {
  return Buffer.from(`${HEAD}${json}}`);
}

/** @param texts the text of each transaction */
export function manyFrame(type: Many, texts: readonly string[]): Buffer {
  if (texts.length === 0) return Buffer.from(JSON.stringify({ type, data: [] }));
  return Buffer.from(`${MANY_HEADS[type]}${texts.join(SEPARATOR)}${MANY_TAIL}`);
}

/**
 * The frame that answers GET_TRANSACTIONS. What comes from the disk is copied as it is: to make
 * strings of it, and bytes again, took most of the time of an answer.
 *
 * @param texts the text of each transaction, in UTF-8
 */
export function transactionsFrame(texts: readonly Buffer[]): Buffer {
  if (texts.length === 0) return manyFrame('TRANSACTIONS', []);
  const parts = texts.flatMap((text) => [SEPARATOR_BYTES, text]);
  parts[0] = Buffer.from(MANY_HEADS.TRANSACTIONS);
  return Buffer.concat([...parts, Buffer.from(MANY_TAIL)]);
}

/**
 * Reads a TRANSACTION frame in the layout that nodes write: the text between its head and its
 * last brace is the transaction, if it is JSON by itself. So it is parsed once, and the text is
 * relayed as it came.
 *
 * @returns undefined for any other frame
 */
export function parseUsualTransaction(text: string, frame: Buffer): Read {
  if (!text.startsWith(HEAD) || !text.endsWith('}}')) return undefined;
  const read = parseTransaction(text.slice(HEAD.length, -1), frame.length - HEAD.length - 1);
  return read === undefined || 'malformed' in read ? read : { type: 'TRANSACTION', data: read };
}

/**
 * Reads a frame of many transactions in the layout that our nodes write, as above.
 *
 * @returns undefined for any other frame
 */
export function parseUsualMany(text: string, frame: Buffer): Read {
  const type = typeOfMany(text);
  if (type === undefined || !text.endsWith(MANY_TAIL)) return undefined;
  const isAscii = text.length === frame.length;
  const inside = text.slice(MANY_HEADS[type].length, -MANY_TAIL.length);
  const lines = inside.split(SEPARATOR, LIMITS.keys + 1);
  if (lines.length > LIMITS.keys) return undefined;
  const data: Transaction[] = [];
  for (const line of lines) {
    const read = parseTransaction(line, isAscii ? line.length : Buffer.byteLength(line));
    if (read === undefined) return undefined;
    if ('malformed' in read) return notTransactions(type);
    data.push(read);
  }
  return { type, data };
}

/**
 * Reads the data of a message that carries transactions, in any layout.
 *
 * @param json the source text of the data
 * @returns undefined for a message of another type
 */
export function parseTransactionMessage(type: string, data: unknown, json: string): Read {
  if (type === 'TRANSACTION') {
    const read = readTransaction(data, json);
    return 'malformed' in read ? read : { type, data: read };
  }
  if (type !== 'RELAY' && type !== 'TRANSACTIONS') return undefined;
  if (!Array.isArray(data)) return { malformed: `${type} data is not an array` };
  // Before any of them is read.
  if (data.length > LIMITS.keys) return { malformed: `${type} data that is too long` };
  const texts = sourceParts(json);
  const read = data.map((value, index) => readTransaction(value, texts[index] as string));
  const transactions = read.flatMap((each) => ('malformed' in each ? [] : each));
  if (transactions.length < read.length) return notTransactions(type);
  return { type, data: transactions };
}

function typeOfMany(text: string): Many | undefined {
  if (text.startsWith(MANY_HEADS.RELAY)) return 'RELAY';
  return text.startsWith(MANY_HEADS.TRANSACTIONS) ? 'TRANSACTIONS' : undefined;
}

function notTransactions(type: Many): Malformed {
  return { malformed: `${type} data holds something other than transactions` };
}
