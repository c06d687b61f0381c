/** The pool: every transaction this node has accepted, in memory and in transactions.json. */

import { fileURLToPath } from 'node:url';
import { fail } from './fail.js';
import { createSaver, readJsonArray, type Saver, shortName } from './files.js';
import { sourceParts } from './json-source.js';
import type { Log } from './log.js';
import { identify, isObject, type Transaction, type TransactionId } from './messages.js';

const FILE = fileURLToPath(new URL('transactions.json', import.meta.url));

const ids = new Set<TransactionId>();
/** One JSON text each, oldest first: the lines of the file. */
let lines: string[] = [];
let saver: Saver;

/**
 * Reads the pool from transactions.json; a missing or empty file is an empty pool. Ends the
 * process with one line, the file untouched, when it is not an array of objects.
 *
 * @param log hears of a disk that refuses to take the pool later on
 * @returns the JSON text of each transaction, oldest first, with those that come in later
 */
export function getTransactions(log: Log): readonly string[] {
  const { text, array } = readJsonArray(FILE) ?? { text: '[]', array: [] };
  lines = sourceParts(text).map(toLine);
  for (const [index, transaction] of array.entries()) {
    if (!isObject(transaction)) {
      fail(`${shortName(FILE)}: entry ${index + 1} is not an object: mend it, or move it away`);
    }
    const id = identify(transaction, lines[index] as string);
    if (id !== undefined) ids.add(id);
  }
  saver = createSaver(FILE, () => (lines.length ? `[\n${lines.join(',\n')}\n]\n` : '[]\n'), log);
  return lines;
}

export function hasTransaction(id: TransactionId): boolean {
  return ids.has(id);
}

/**
 * Adds transactions to the pool. They count as known at once; the promise is kept when they
 * are on disk, together with all that was added before. To add none is to wait for the disk.
 */
export function writeTransactions(transactions: readonly Transaction[]): Promise<void> {
  if (transactions.length === 0) return saver.settled();
  for (const { id, json } of transactions) {
    ids.add(id);
    lines.push(toLine(json));
  }
  return saver.save();
}

/** A transaction a line: between the tokens of JSON a line break is no more than a space. */
function toLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
