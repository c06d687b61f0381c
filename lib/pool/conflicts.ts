/**
 * Conflicts: two transactions with one id and different content. Each node keeps the one that came
 * first. Nothing more can be done about it, but a line tells the person at the terminal.
 */

import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { type Connection, nameOf } from '../peers/connection.js';
import { TokenBucket } from '../token-bucket.js';
import type { Key } from '../wire/key.js';
import { hasSameContent, type Transaction } from '../wire/transaction.js';
import type { Pool } from './pool.js';

/** How many conflicts are remembered, so that each is reported once. */
const REMEMBERED = 1024;

export class Conflicts {
  readonly #pool: Pool;
  readonly #log: Log;
  /** Checks in progress. Each holds a transaction until ours is on disk. */
  #underWay = 0;
  readonly #found = new Set<Key>();
  readonly #budget = new TokenBucket(
    LIMITS.checksAtOnce,
    performance.now(),
    LIMITS.checksPerSecond,
  );

  /** @param pool holds the content to compare with */
  constructor(pool: Pool, log: Log) {
    this.#pool = pool;
    this.#log = log;
  }

  /**
   * Checks whether a transaction with a known id has the content that we know. Under load only some
   * are checked, because ours has to be read from the disk.
   */
  async look(transaction: Transaction, from: Connection): Promise<void> {
    const { key } = transaction;
    if (this.#found.has(key) || this.#underWay >= LIMITS.checksUnderWay) return;
    if (!this.#budget.take(performance.now())) return;
    this.#underWay += 1;
    await this.#pool.saved();
    const [ours] = await this.#pool.read([key]).catch(() => []);
    this.#underWay -= 1;
    if (ours === undefined || hasSameContent(ours.toString(), transaction.json)) return;
    if (this.#found.has(key)) return;
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.add(key);
    this.#log('conflict', `transaction ${transaction.id} has other content from ${nameOf(from)}`);
  }
}
