/**
 * Two transactions with one id: the first one stays, in each node the one that it heard of first.
 * Nothing more can be done, but a person should know.
 */

import { LIMITS } from './config.js';
import type { Key } from './key-set.js';
import { hasSameContent, jsonOf, type Transaction } from './messages.js';
import { TokenBucket } from './token-bucket.js';
import { getTransactions, writeTransactions } from './transactions.js';

/** What is remembered of those that were found, so that each is told of once. */
const REMEMBERED = 1024;

export class Conflicts {
  readonly #found = new Set<Key>();
  readonly #budget = new TokenBucket(
    LIMITS.checksAtOnce,
    performance.now(),
    LIMITS.checksPerSecond,
  );

  /**
   * Tells whether a transaction that we know by its id has other content than ours, the first time
   * that this is found. Only some are looked at where many come, for ours is on the disk.
   */
  async isNew(transaction: Transaction): Promise<boolean> {
    const { key } = transaction;
    if (this.#found.has(key) || !this.#budget.take(performance.now())) return false;
    await writeTransactions([]);
    const [ours] = await getTransactions([key]).catch(() => []);
    if (ours === undefined || hasSameContent(ours, jsonOf(transaction))) return false;
    if (this.#found.has(key)) return false;
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.add(key);
    return true;
  }
}
