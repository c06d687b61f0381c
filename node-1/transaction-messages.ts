/**
 * How transactions travel: one by one, as everybody sends them, or, between nodes like ours, many in
 * a frame. Each then stands in a line of its own, as in the file of the pool: a line break within a
 * string would be no JSON, so the text of each is found without a search.
 */

import { LIMITS } from './config.js';
import { parseJson, sourceParts } from './json-source.js';
import type { Message, Unusable } from './messages.js';
import { type Malformed, readTransaction, type Transaction } from './transaction.js';

export interface TransactionMessageData {
  TRANSACTION: Transaction;
  /** New ones, on their way from node to node. */
  RELAY: Transaction[];
  /** Answers GET_TRANSACTIONS. */
  TRANSACTIONS: Transaction[];
}

/** The messages that hold many. */
type Many = Exclude<keyof TransactionMessageData, 'TRANSACTION'>;

const HEAD = '{"type":"TRANSACTION","data":';
/** What stands before the transactions, where there are any, between them, and after them. */
const MANY_HEADS = {
  RELAY: '{"type":"RELAY","data":[\n',
  TRANSACTIONS: '{"type":"TRANSACTIONS","data":[\n',
};
const SEPARATOR = ',\n';
const MANY_TAIL = '\n]}';

/** @param json the text of the transaction */
export function transactionFrame(json: string | Buffer): Buffer {
  return Buffer.from(`${HEAD}${json}}`);
}

/** @param lines the text of each transaction, without line breaks */
export function manyFrame(type: Many, lines: readonly Buffer[]): Buffer {
  if (lines.length === 0) return Buffer.from(JSON.stringify({ type, data: [] }));
  const separator = Buffer.from(SEPARATOR);
  const parts = lines.flatMap((line, i) => (i === 0 ? [line] : [separator, line]));
  return Buffer.concat([Buffer.from(MANY_HEADS[type]), ...parts, Buffer.from(MANY_TAIL)]);
}

/**
 * Reads a TRANSACTION frame that is written as nodes write it: what stands between its head and
 * its last brace is the transaction if it is JSON by itself. So it is parsed once, and relayed
 * as the bytes it came in.
 *
 * @returns undefined for any other frame
 */
export function parseUsualTransaction(text: string, frame: Buffer): Message | Unusable | undefined {
  if (!text.startsWith(HEAD) || !text.endsWith('}}')) return undefined;
  const json = frame.subarray(HEAD.length, -1);
  const read = parseText(text.slice(HEAD.length, -1), json);
  return read === undefined || 'malformed' in read ? read : { type: 'TRANSACTION', data: read };
}

/**
 * Reads a frame of many that is written as nodes like ours write it, in the same way.
 *
 * @returns undefined for any other frame
 */
export function parseUsualMany(text: string, frame: Buffer): Message | Unusable | undefined {
  const type = typeOfMany(text);
  if (type === undefined || !text.endsWith(MANY_TAIL)) return undefined;
  // In ASCII, characters and bytes are at the same places.
  const isAscii = text.length === frame.length;
  let start = MANY_HEADS[type].length;
  const lines = text.slice(start, -MANY_TAIL.length).split(SEPARATOR, LIMITS.keys + 1);
  if (lines.length > LIMITS.keys) return { malformed: `${type} data that is too long` };
  const data: Transaction[] = [];
  for (const line of lines) {
    const end = start + line.length;
    const read = parseText(line, isAscii ? frame.subarray(start, end) : Buffer.from(line));
    if (read === undefined) return undefined;
    if ('malformed' in read) return notTransactions(type);
    data.push(read);
    start = end + SEPARATOR.length;
  }
  return { type, data };
}

/**
 * Reads the data of a message that holds transactions, however it is written.
 *
 * @param json the source text of the data
 * @returns undefined for a message of another type
 */
export function parseTransactionMessage(
  type: string,
  data: unknown,
  json: string,
): Message | Unusable | undefined {
  if (type === 'TRANSACTION') {
    const read = toTransaction(data, json, Buffer.from(json));
    return 'malformed' in read ? read : { type, data: read };
  }
  if (type !== 'RELAY' && type !== 'TRANSACTIONS') return undefined;
  if (!Array.isArray(data)) return { malformed: `${type} data is not an array` };
  // Before each is looked at: nobody asks for so many.
  if (data.length > LIMITS.keys) return { malformed: `${type} data that is too long` };
  const texts = sourceParts(json);
  const read = data.map((value, index) => {
    const text = texts[index] as string;
    return toTransaction(value, text, Buffer.from(text));
  });
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

/** Reads what may be the text of an object; undefined for any other. */
function parseText(text: string, json: Buffer): Transaction | Malformed | undefined {
  const value = text.startsWith('{') && text.endsWith('}') ? parseJson(text) : undefined;
  return value === undefined ? undefined : toTransaction(value, text, json);
}

function toTransaction(value: unknown, text: string, json: Buffer): Transaction | Malformed {
  const read = readTransaction(value, text, json.length);
  if ('malformed' in read) return read;
  // Spelt out, for to spread it would take half as long as all the rest together.
  return { id: read.id, key: read.key, timeStamp: read.timeStamp, json };
}
