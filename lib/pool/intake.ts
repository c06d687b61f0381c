/** What follows from an offered transaction: it is counted, and its sender gets a receipt. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../counters.js';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { type Connection, expel, nameOf, pauseUntil } from '../peers/connection.js';
import type { Malformed } from '../wire/message.js';
import type { Outcome } from '../wire/receipt.js';
import type { Transaction } from '../wire/transaction.js';
import { Conflicts } from './conflicts.js';
import type { Pool } from './pool.js';
import { sendReceipt } from './receipts.js';

export class Intake {
  readonly #pool: Pool;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #conflicts: Conflicts;

  constructor(pool: Pool, counters: Counters, log: Log) {
    this.#pool = pool;
    this.#counters = counters;
    this.#log = log;
    this.#conflicts = new Conflicts(pool, log);
  }

  /** Counts the outcome of a transaction, and pauses its sender while the disk falls behind. */
  report(transaction: Transaction, outcome: Outcome, from: Connection): Outcome {
    const { status, reason = '' } = outcome;
    if (status === 'known') {
      this.#counters.count('duplicate');
      this.#conflicts.look(transaction, from);
    } else if (status === 'rejected') {
      this.#counters.rejected(reason);
    } else if (this.#pool.isDiskBehind) {
      pauseUntil(this.#pool.saved(), from);
    }
    return outcome;
  }

  /** Sends a receipt to a client that asked for receipts. */
  answer({ id }: Transaction, outcome: Outcome, to: Connection): void {
    if (to.identity?.wantsReceipts) sendReceipt(this.#pool, to, id, outcome);
  }

  /** Refuses a malformed frame; after a few of them, the connection is closed. */
  async refuse({ malformed, id }: Malformed, from: Connection): Promise<void> {
    from.malformedFrames += 1;
    const isLast = from.malformedFrames === LIMITS.malformedFrames;
    if (isLast) from.isExpelled = true;
    if (id !== undefined) this.#counters.count('rejected');
    this.#log('refused', `${nameOf(from)} sent ${malformed}`);
    const outcome = { status: 'rejected', reason: malformed } as const;
    const wantsReceipt = id !== undefined && from.identity?.wantsReceipts;
    const told = wantsReceipt ? sendReceipt(this.#pool, from, id, outcome) : undefined;
    if (!isLast) return;
    await Promise.race([told, sleep(LIMITS.receiptsTimeoutMs)]);
    expel(from, 1008, 'too many malformed messages');
  }
}
