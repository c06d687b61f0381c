/**
 * The messages that carry transactions: one per frame in the plain protocol, or many per frame
 * between our own nodes. In a frame of many, each has its own line, as in the file of the pool.
 * JSON allows no line break within a string, so splitting the lines finds the text of each. Pure.
 */

import { sourceParts } from '../json-source.js';
import { LIMITS } from '../limits.js';
import { usualLineAt } from './frame-line.js';
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

/**
 * The frame that holds many transactions. Bytes are copied as they are: to make strings of them, and
 * bytes again, took most of the time of an answer.
 *
 * @param texts the text of each transaction, or of several with SEPARATOR between them
 */
export function manyFrame(type: Many, texts: readonly (Buffer | string)[]): Buffer {
  if (texts.length === 0) return Buffer.from(JSON.stringify({ type, data: [] }));
  const parts = texts.flatMap((text) => [
    SEPARATOR_BYTES,
    typeof text === 'string' ? Buffer.from(text) : text,
  ]);
  parts[0] = Buffer.from(MANY_HEADS[type]);
  return Buffer.concat([...parts, Buffer.from(MANY_TAIL)]);
}

/** The texts of transactions for such a frame. Those that came as neighbours go on as one text. */
export function textsOf(transactions: readonly Transaction[]): Buffer[] {
  const texts: Buffer[] = [];
  let first = 0;
  for (let i = 0; i < transactions.length; i++) {
    if (areNeighbours(transactions[i] as Transaction, transactions[i + 1])) continue;
    texts.push(textOf(transactions.slice(first, i + 1)));
    first = i + 1;
  }
  return texts;
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
 * Reads a frame of many transactions in the layout that our nodes write, as above. Of a usual one,
 * nothing is made but its key.
 *
 * @returns undefined for any other frame
 */
export function parseUsualMany(frame: Buffer): Read {
  const type = typeOfMany(frame);
  if (type === undefined) return undefined;
  const characters = frame.toString('latin1');
  if (!characters.endsWith(MANY_TAIL)) return undefined;
  const end = frame.length - MANY_TAIL.length;
  const endOfLine = (from: number) => {
    const found = characters.indexOf(SEPARATOR, from);
    return found < 0 || found > end - SEPARATOR.length ? end : found;
  };
  const data: Transaction[] = [];
  for (let at = MANY_HEADS[type].length; at <= end; ) {
    if (data.length === LIMITS.keys) return undefined;
    const usual = usualLineAt(frame, characters, at);
    const lineEnd = endOfLine(usual?.end ?? at);
    const read =
      usual?.end === lineEnd
        ? usual
        : parseTransaction(frame.toString('utf8', at, lineEnd), lineEnd - at);
    if (read === undefined) return undefined;
    if ('malformed' in read) return notTransactions(type);
    data.push(read);
    at = lineEnd + SEPARATOR.length;
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

function typeOfMany(frame: Buffer): Many | undefined {
  const head = frame.toString('latin1', 0, MANY_HEADS.TRANSACTIONS.length);
  if (head.startsWith(MANY_HEADS.RELAY)) return 'RELAY';
  return head === MANY_HEADS.TRANSACTIONS ? 'TRANSACTIONS' : undefined;
}

/** Whether both are texts, or the second one stands in the line after the first. */
function areNeighbours(a: Transaction, b: Transaction | undefined): boolean {
  if (b === undefined) return false;
  if (a.line === undefined || b.line === undefined) return a.line === b.line;
  return a.line.buffer === b.line.buffer && a.line.end + SEPARATOR.length === b.line.start;
}

/** The text of neighbours, in UTF-8. */
function textOf(transactions: readonly Transaction[]): Buffer {
  const [first, last] = [transactions[0]?.line, transactions.at(-1)?.line];
  if (first && last) return first.buffer.subarray(first.start, last.end);
  return Buffer.from(transactions.map(({ json }) => json).join(SEPARATOR));
}

function notTransactions(type: Many): Malformed {
  return { malformed: `${type} data holds something other than transactions` };
}
