/**
 * The pool: every transaction that this node has accepted and that is in no block yet, in
 * transactions.json. Only the keys are in memory, in a Merkle tree by which two pools can be
 * compared, and the position of each transaction in the file.
 */

import { join } from 'node:path';
import { LIMITS } from '../limits.js';
import { count, type Log } from '../log.js';
import type { Element } from '../storage/element-reader.js';
import { type Journal, openJournal } from '../storage/journal.js';
import type { Key } from '../wire/key.js';
import { inOneLine, readTransaction, type Transaction } from '../wire/transaction.js';
import { MerkleTree } from './merkle-tree.js';

const FILE_NAME = 'transactions.json';

/** What the pool keeps of a transaction. */
type Pooled = Pick<Transaction, 'key' | 'json' | 'bytes'>;

/** How much a pool holds: transactions, and the length of its file, which it may not exceed. */
export interface PoolSize {
  readonly transactions: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/**
 * Adds transactions to a pool. They count as known at once.
 *
 * @param transactions to add; with none, this only waits for the disk
 * @returns resolves when they, and all that were added before, are on disk
 */
export function writeTransactions(pool: Pool, transactions: readonly Pooled[]): Promise<void> {
  for (const each of transactions) pool.add(each);
  return pool.saved();
}

export class Pool {
  /** The keys of the pool, in the order in which the transactions came. */
  readonly tree = new MerkleTree();
  readonly #maxBytes: number;
  /** Its records are numbered as the keys in the tree. */
  #journal!: Journal;

  private constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads the pool from transactions.json in a node's folder; a missing or empty file is an empty
   * pool. Ends the process with one line, the file untouched, when it is not an array of objects.
   *
   * @param maxBytes how long the file may become
   * @param isIncluded tells which transactions are in a block already, and leave the pool
   * @param log hears of a file that had to be mended, and of a disk that takes no more
   */
  static async open(
    folder: string,
    maxBytes: number,
    isIncluded: (key: Key) => boolean,
    log: Log,
  ): Promise<Pool> {
    const pool = new Pool(maxBytes);
    let others = 0;
    const included: Key[] = [];
    const onRecord = ({ value, json, length }: Element) => {
      const read = readTransaction(value, json, length);
      const isNew = 'key' in read && pool.tree.add(read.key);
      if (!isNew) others += 1;
      else if (isIncluded(read.key)) included.push(read.key);
      return isNew;
    };
    pool.#journal = await openJournal(join(folder, FILE_NAME), onRecord, log);
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

  /** How many transactions have ever come, those included that have left the pool. */
  get arrivals(): number {
    return this.tree.places;
  }

  /** How many of the transactions that ever came are on disk: the first so many. */
  get savedCount(): number {
    return this.#journal.savedCount;
  }

  /** Whether the disk refuses to take transactions at present. */
  get isDiskFailing(): boolean {
    return this.#journal.isFailing;
  }

  /** Whether transactions come faster than a working disk takes them. */
  get isDiskBehind(): boolean {
    return !this.#journal.isFailing && this.#journal.unsavedBytes > LIMITS.backlogBytes;
  }

  has(key: Key): boolean {
    return this.tree.placeOf(key) !== undefined;
  }

  /**
   * Tells why the pool cannot take a transaction, if it cannot: it is full, or it waits for a disk
   * that has long refused to take more.
   */
  whyNoRoom(transaction: Pooled): string | undefined {
    if (this.#journal.bytesWith(transaction.bytes) > this.#maxBytes) {
      return `the pool is full, at MAX_POOL_BYTES=${this.#maxBytes}`;
    }
    if (this.#journal.unsavedBytes > LIMITS.unsavedBytes) return 'the disk takes nothing more';
    return undefined;
  }

  /** Adds a transaction; true only when it is new. It is on disk once `saved` resolves. */
  add({ key, json, bytes }: Pooled): boolean {
    if (!this.tree.add(key)) return false;
    const isLine = !json.includes('\n') && !json.includes('\r');
    if (isLine) this.#journal.append(json, bytes);
    else this.#journal.append(inOneLine(json));
    return true;
  }

  /** Resolves when all that was added before is on disk. */
  saved(): Promise<void> {
    return this.#journal.saved();
  }

  /**
   * Reads transactions from the disk.
   *
   * @returns the text of each that is there, in the order of the keys, as many as one answer holds
   */
  read(keys: readonly Key[]): Promise<Buffer[]> {
    const places: number[] = [];
    let bytes = 0;
    for (const key of keys) {
      const place = this.tree.placeOf(key) ?? Infinity;
      if (place >= this.#journal.savedCount) continue;
      bytes += this.#journal.lengthOf(place);
      if (bytes > LIMITS.answerBytes) break;
      places.push(place);
    }
    return this.#journal.read(places);
  }

  /** Takes transactions out of the pool: at once in memory, and soon, all in one step, on disk. */
  remove(keys: readonly Key[]): void {
    const pooled = keys.filter((key) => this.has(key));
    const places = pooled.map((key) => this.tree.placeOf(key) as number);
    for (const key of pooled) this.tree.remove(key);
    if (places.length > 0) this.#journal.remove(places);
  }

  /** Resolves when those that were removed have left the file, if the disk allows it. */
  removed(): Promise<void> {
    return this.#journal.removed();
  }
}
