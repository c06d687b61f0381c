/**
 * Two transactions with one id: the first one stays, in each node the one that it heard of first.
 * Nothing more can be done, but a person should know.
 */

import { LIMITS } from './config.js';
import { type Connection, nameOf } from './connection.js';
import type { Key } from './key-set.js';
import type { Log } from './log.js';
import { TokenBucket } from './token-bucket.js';
import { hasSameContent, type Transaction } from './transaction.js';
import { getTransactions, writeTransactions } from './transactions.js';

/** What is remembered of those that were found, so that each is told of once. */
const REMEMBERED = 1024;

export class Conflicts {
  readonly #log: Log;
  /** Each holds a transaction until the disk has ours. */
  #underWay = 0;
  readonly #found = new Set<Key>();
  readonly #budget = new TokenBucket(
    LIMITS.checksAtOnce,
    performance.now(),
    LIMITS.checksPerSecond,
  );

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Looks whether a transaction that we know by its id has the content that we know. Where many
   * come, that is done for some only, because ours is on the disk.
   */
  async look(transaction: Transaction, from: Connection): Promise<void> {
    const { id, key } = transaction;
    if (this.#found.has(key) || this.#underWay >= LIMITS.checksUnderWay) return;
    if (!this.#budget.take(performance.now())) return;
    this.#underWay += 1;
    await writeTransactions([]);
    const [ours] = await getTransactions([key]).catch(() => []);
    this.#underWay -= 1;
    if (ours === undefined || hasSameContent(ours.toString(), transaction.json)) return;
    if (this.#found.has(key)) return;
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.add(key);
    this.#log('conflict', `transaction ${id} has other content from ${nameOf(from)}`);
  }
}
