/**
 * The pool: the transactions that this node has accepted and that are in no block yet. They are in
 * transactions.json. Memory holds only their keys, in a Merkle tree, and their positions in the
 * file.
 */

import { join } from 'node:path';
import { LIMITS } from '../limits.js';
import { count, type Log } from '../log.js';
import type { Element } from '../storage/element-reader.js';
import { type Journal, openJournal } from '../storage/journal.js';
import type { Disk } from '../storage/persistence.js';
import { fitting } from '../wire/fitting.js';
import type { Key } from '../wire/key.js';
import {
  inOneLine,
  readTransaction,
  type Transaction,
  usualTransactionAt,
} from '../wire/transaction.js';
import { MerkleTree } from './merkle-tree.js';

const FILE_NAME = 'transactions.json';

/** The parts of a transaction that the pool keeps. */
type Pooled = Pick<Transaction, 'key' | 'json' | 'bytes' | 'line'>;

/** The size of a pool: its transactions, the length of its file, and the limit of that in bytes. */
export interface PoolSize {
  readonly transactions: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/**
 * Adds transactions to a pool. They count as known at once.
 *
 * @param transactions to add; an empty array only waits for the disk
 * @returns resolves when these and all earlier ones are on disk
 */
export function writeTransactions(pool: Pool, transactions: readonly Pooled[]): Promise<void> {
  for (const each of transactions) pool.add(each);
  return pool.saved();
}

export class Pool {
  /** The keys of the pool, in order of arrival. */
  readonly tree = new MerkleTree();
  /** Where its file is. */
  readonly folder: string;
  readonly #maxBytes: number;
  /** Its records have the same numbers as the keys in the tree. */
  #journal!: Journal;

  private constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads the pool from transactions.json in a folder; a missing or empty file is an empty pool. If
   * the file is not an array of objects, the process ends with one line and the file stays as it
   * is.
   *
   * @param maxBytes the largest size of the file
   * @param isIncluded whether a transaction is in a block already, and so leaves the pool
   * @param log is told about a mended file, and about a disk that refuses
   */
  static async open(
    folder: string,
    maxBytes: number,
    isIncluded: (key: Key) => boolean,
    log: Log,
  ): Promise<Pool> {
    const pool = new Pool(folder, maxBytes);
    let others = 0;
    const included: Key[] = [];
    const takeLoose = ({ value: key }: Element<Key | undefined>) => {
      const isNew = key !== undefined && pool.tree.add(key);
      if (isNew && isIncluded(key)) included.push(key);
      return isNew;
    };
    const take = (record: Element<Key | undefined>) => {
      const isNew = takeLoose(record);
      if (!isNew) others += 1;
      return isNew;
    };
    pool.#journal = await openJournal(
      join(folder, FILE_NAME),
      { parse: readKey, take, takeLoose },
      log,
    );
    pool.remove(included);
    if (others > 0) {
      log('kept', `${count(others, 'object')} in the pool that no peer would take as new`);
    }
    return pool;
  }

  get size(): PoolSize {
    return {
      transactions: this.tree.size,
      bytes: this.#journal.bytes,
      maxBytes: this.#maxBytes,
    };
  }

  /** How many transactions were ever added, including those that have left the pool. */
  get arrivals(): number {
    return this.tree.places;
  }

  /** How many of those are on disk: the first so many. */
  get savedCount(): number {
    return this.#journal.savedCount;
  }

  /** The disk under its file. */
  get disk(): Disk {
    return this.#journal;
  }

  /** Whether transactions come faster than the disk takes them. */
  get isDiskBehind(): boolean {
    return !this.#journal.isFailing && this.#journal.unsavedBytes > LIMITS.backlogBytes;
  }

  has(key: Key): boolean {
    return this.tree.placeOf(key) !== undefined;
  }

  /**
   * Returns why the pool cannot take a transaction: it is full, or too much waits for a disk that
   * refuses; undefined if it can.
   */
  whyNoRoom(transaction: Pooled): string | undefined {
    if (this.#journal.bytesWith(transaction.bytes) > this.#maxBytes) {
      return `the pool is full, at MAX_POOL_BYTES=${this.#maxBytes}`;
    }
    if (this.#journal.unsavedBytes > LIMITS.unsavedBytes) return 'the disk takes nothing more';
    return undefined;
  }

  /** Adds a transaction; true only if it is new. It is on disk when `saved` resolves. */
  add(transaction: Pooled): boolean {
    const { key, line } = transaction;
    if (!this.tree.add(key)) return false;
    if (line !== undefined) this.#journal.appendBytes(line);
    else this.#append(transaction);
    return true;
  }

  /** Resolves when everything added so far is on disk. */
  saved(): Promise<void> {
    return this.#journal.saved();
  }

  /**
   * Reads transactions from the disk.
   *
   * @returns the texts of those that are in the pool, in the order of the keys, as one answer holds
   */
  read(keys: readonly Key[]): Promise<Buffer[]> {
    const journal = this.#journal;
    const places = keys.map((key) => this.tree.placeOf(key) ?? Infinity);
    const saved = places.filter((place) => place < journal.savedCount);
    return journal.read(fitting(saved, LIMITS.answerBytes, (place) => journal.lengthOf(place)));
  }

  /** Removes transactions: at once from memory; from the file soon, and in one step. */
  remove(keys: readonly Key[]): void {
    const pooled = keys.filter((key) => this.has(key));
    const places = pooled.map((key) => this.tree.placeOf(key) as number);
    for (const key of pooled) this.tree.remove(key);
    if (places.length > 0) this.#journal.remove(places);
  }

  /** Resolves when removed transactions have left the file, if the disk allows that. */
  removed(): Promise<void> {
    return this.#journal.removed();
  }

  #append({ json, bytes }: Pooled): void {
    const isLine = !json.includes('\n') && !json.includes('\r');
    if (isLine) this.#journal.append(json, bytes);
    else this.#journal.append(inOneLine(json));
  }
}

/**
 * Reads the key of a stored transaction; undefined if no peer would take that.
 *
 * @throws SyntaxError if the text is not JSON
 */
function readKey(json: string, bytes: number): Key | undefined {
  // An object of megabytes would take more stack than the pattern may.
  const usual = bytes <= LIMITS.transactionBytes ? usualTransactionAt(json, 0) : undefined;
  if (usual?.json.length === json.length) return usual.key;
  const read = readTransaction(JSON.parse(json), json, bytes);
  return 'key' in read ? read.key : undefined;
}
