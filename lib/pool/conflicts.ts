/**
 * Two transactions with one id: the first one stays, in each node the one that it heard of first.
 * Nothing more can be done, but a person should know.
 */

import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { type Connection, nameOf } from '../peers/connection.js';
import { TokenBucket } from '../token-bucket.js';
import type { Key } from '../wire/key.js';
import { hasSameContent, type Transaction } from '../wire/transaction.js';
import type { Pool } from './pool.js';

/** What is remembered of those that were found, so that each is told of once. */
const REMEMBERED = 1024;

export class Conflicts {
  readonly #pool: Pool;
  readonly #log: Log;
  /** Each holds a transaction until the disk has ours. */
  #underWay = 0;
  readonly #found = new Set<Key>();
  readonly #budget = new TokenBucket(
    LIMITS.checksAtOnce,
    performance.now(),
    LIMITS.checksPerSecond,
  );

  /** @param pool to compare with */
  constructor(pool: Pool, log: Log) {
    this.#pool = pool;
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
    await this.#pool.saved();
    const [ours] = await this.#pool.read([key]).catch(() => []);
    this.#underWay -= 1;
    if (ours === undefined || hasSameContent(ours.toString(), transaction.json)) return;
    if (this.#found.has(key)) return;
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.add(key);
    this.#log('conflict', `transaction ${id} has other content from ${nameOf(from)}`);
  }
}
