/**
 * The pool: every transaction this node has accepted, in transactions.json. In memory are only
 * their keys, in a tree by which two pools can be compared, and where each is in the file.
 */

import { fileURLToPath } from 'node:url';
import type { Element } from './array-file.js';
import { LIMITS } from './config.js';
import { type Journal, openJournal } from './journal.js';
import { LEAD } from './journal-file.js';
import type { Key } from './key-set.js';
import { count, type Log } from './log.js';
import { MerkleTree } from './merkle-tree.js';
import { inOneLine, readTransaction, type Transaction } from './transaction.js';

const FILE = fileURLToPath(new URL('transactions.json', import.meta.url));

/** What the pool keeps of a transaction. */
type Pooled = Pick<Transaction, 'key' | 'json' | 'bytes'>;

/** The keys of the pool, in the order in which the transactions came. */
export const tree = new MerkleTree();

/** Its records have the places of their keys for numbers. */
let journal: Journal;
let maxBytes: number;

/**
 * Reads the pool from transactions.json; a missing or empty file is an empty pool. Ends the
 * process with one line, the file untouched, when it is not an array of objects.
 *
 * @param maxPoolBytes how long the file may become
 * @param isSealed tells which transactions are in the chain already, and leave the pool
 * @param log hears of a file that had to be mended, and of a disk that takes no more
 */
export async function loadTransactions(
  maxPoolBytes: number,
  isSealed: (key: Key) => boolean,
  log: Log,
): Promise<void> {
  let others = 0;
  const sealed: Key[] = [];
  const onRecord = ({ value, json, length }: Element) => {
    const read = readTransaction(value, json, length);
    const isNew = 'key' in read && tree.add(read.key);
    if (!isNew) others += 1;
    else if (isSealed(read.key)) sealed.push(read.key);
    return isNew;
  };
  journal = await openJournal(FILE, onRecord, log);
  maxBytes = maxPoolBytes;
  removeTransactions(sealed);
  if (others > 0) {
    log('kept', `${count(others, 'object')} in the pool that no peer would take as new`);
  }
}

/**
 * Reads transactions from the disk.
 *
 * @returns the text of each that is there, in the order of the keys, as many as one answer holds
 */
export function getTransactions(keys: readonly Key[]): Promise<Buffer[]> {
  const places: number[] = [];
  let bytes = 0;
  for (const key of keys) {
    const place = tree.placeOf(key) ?? Infinity;
    if (place >= journal.savedCount) continue;
    bytes += journal.lengthOf(place);
    if (bytes > LIMITS.answerBytes) break;
    places.push(place);
  }
  return journal.read(places);
}

export function hasTransaction(key: Key): boolean {
  return tree.placeOf(key) !== undefined;
}

/**
 * Tells why the pool cannot take a transaction, if it cannot: it is full, or it waits for a disk
 * that has long refused to take more.
 */
export function whyNoRoom(transaction: Transaction): string | undefined {
  const isFull = journal.bytes + LEAD.length + transaction.bytes > maxBytes;
  if (isFull) return `the pool is full, at MAX_POOL_BYTES=${maxBytes}`;
  if (journal.unsavedBytes > LIMITS.unsavedBytes) return 'the disk takes nothing more';
  return undefined;
}

/**
 * Adds transactions to the pool. They count as known at once; resolves when they are on disk,
 * with all that was added before. To add none is to wait for the disk.
 */
export function writeTransactions(transactions: readonly Pooled[]): Promise<void> {
  for (const { key, json, bytes } of transactions) {
    if (!tree.add(key)) continue;
    const isLine = !json.includes('\n') && !json.includes('\r');
    if (isLine) journal.append(json, bytes);
    else journal.append(inOneLine(json));
  }
  return journal.saved();
}

/** Takes transactions out of the pool: at once here, and soon, all in one step, on disk. */
export function removeTransactions(keys: readonly Key[]): void {
  const pooled = keys.filter(hasTransaction);
  const places = pooled.map((key) => tree.placeOf(key) as number);
  for (const key of pooled) tree.remove(key);
  if (places.length > 0) journal.remove(places);
}

/** How much the pool holds: transactions, and the length of its file, which it may not exceed. */
export function poolSize(): { transactions: number; bytes: number; maxBytes: number } {
  return { transactions: tree.size, bytes: journal.bytes, maxBytes };
}

/** Tells whether the disk takes no transactions at present. */
export function isDiskFailing(): boolean {
  return journal.isFailing;
}

/** Tells whether transactions come faster than a working disk takes them. */
export function isDiskBehind(): boolean {
  return !journal.isFailing && journal.unsavedBytes > LIMITS.backlogBytes;
}

/** Resolves when those that were taken out have left the file, if the disk lets them. */
export function removedTransactions(): Promise<void> {
  return journal.removed();
}

/** Up to which place of the order in which they came transactions are on disk. */
export function savedTransactions(): number {
  return journal.savedCount;
}
