/**
 * The pool: every transaction this node has accepted, in transactions.json. In memory are only
 * their keys, in a tree by which two pools can be compared, and where each is in the file.
 */

import { fileURLToPath } from 'node:url';
import type { Element } from './array-file.js';
import { LIMITS } from './config.js';
import { type Journal, openJournal, type Place } from './journal.js';
import type { Key } from './key-set.js';
import { count, type Log } from './log.js';
import { MerkleTree } from './merkle-tree.js';
import { jsonOf, readTransaction, type Transaction } from './messages.js';

const FILE = fileURLToPath(new URL('transactions.json', import.meta.url));

/** The keys of the pool, in the order in which the transactions came. */
export const tree = new MerkleTree();

// Of each key, by its place in that order, in bytes.
const offsets: number[] = [];
const lengths: number[] = [];
let journal: Journal;
let maxBytes: number;

/**
 * Reads the pool from transactions.json; a missing or empty file is an empty pool. Ends the
 * process with one line, the file untouched, when it is not an array of objects.
 *
 * @param maxPoolBytes how long the file may become
 * @param log hears of a file that had to be mended, and of a disk that takes no more
 */
export async function loadTransactions(maxPoolBytes: number, log: Log): Promise<void> {
  let records = 0;
  const onRecord = ({ value, json, offset, length }: Element) => {
    records += 1;
    const read = readTransaction(value, json);
    if ('key' in read) remember(read.key, { offset, length });
  };
  journal = await openJournal(FILE, onRecord, log);
  maxBytes = maxPoolBytes;
  const others = records - tree.size;
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
  const saved = savedTransactions();
  const places: Place[] = [];
  let bytes = 0;
  for (const key of keys) {
    const place = tree.placeOf(key) ?? Infinity;
    if (place >= saved) continue;
    const length = lengths[place] as number;
    bytes += length;
    if (bytes > LIMITS.answerBytes) break;
    places.push({ offset: offsets[place] as number, length });
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
  const isFull = journal.bytes + transaction.frame.length > maxBytes;
  if (isFull) return `the pool is full, at MAX_POOL_BYTES=${maxBytes}`;
  if (journal.unsavedBytes > LIMITS.unsavedBytes) return 'the disk takes nothing more';
  return undefined;
}

/**
 * Adds transactions to the pool. They count as known at once; resolves when they are on disk,
 * with all that was added before. To add none is to wait for the disk.
 */
export function writeTransactions(transactions: readonly Transaction[]): Promise<void> {
  for (const transaction of transactions) {
    remember(transaction.key, journal.append(toLine(jsonOf(transaction))));
  }
  return journal.saved();
}

/** Tells whether transactions come faster than a working disk takes them. */
export function isDiskBehind(): boolean {
  return !journal.isFailing && journal.unsavedBytes > LIMITS.backlogBytes;
}

/** How many transactions are on disk: so many of the oldest. */
export function savedTransactions(): number {
  let [saved, unsaved] = [0, offsets.length];
  while (saved < unsaved) {
    const middle = (saved + unsaved) >>> 1;
    if (journal.isSaved(offsets[middle] as number)) saved = middle + 1;
    else unsaved = middle;
  }
  return saved;
}

function remember(key: Key, { offset, length }: Place): void {
  if (!tree.add(key)) return;
  offsets.push(offset);
  lengths.push(length);
}

/** A transaction a line: between the tokens of JSON a line break is no more than a space. */
function toLine(json: Buffer): Buffer {
  if (!json.includes(0x0a) && !json.includes(0x0d)) return json;
  return Buffer.from(json.toString().replace(/[\r\n]+/g, ' '));
}
