/** What happens on a node, counted: for its page, and for who measures it. */

import { LIMITS } from './config.js';
import type { Peer } from './connection.js';
import { count, createTally, type Log } from './log.js';
import type { Transaction, TransactionId } from './transaction.js';
import { poolSize } from './transactions.js';

/** A transaction that has come, as it is shown. */
export interface Arrival {
  readonly id: TransactionId;
  /** The address of the peer that sent it first; null for anybody else, whatever they call themselves. */
  readonly from: string | null;
  /** In ms since 1970. */
  readonly at: number;
  /** How long after it was made, in ms, by the clock of its maker; null if that does not say. */
  readonly delayMs: number | null;
}

/** Since the node was started. */
export interface Counts {
  /** Dials that led to a connection, and those that did not. */
  connected: number;
  failed: number;
  /** Transactions. */
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Copies of transactions that were sent on. */
  relayed: number;
  /** Pools that were compared with ours. */
  compared: number;
}

export class Meter {
  readonly #counts: Counts = {
    connected: 0,
    failed: 0,
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    relayed: 0,
    compared: 0,
  };
  /** The latest one is where the number of those accepted leads. */
  readonly #arrivals: { transaction: Transaction; from: string | null; at: number }[] = [];
  /** How many were accepted in each of the last seconds, the latest last. */
  readonly #rate = new Array<number>(LIMITS.shownSeconds).fill(0);
  readonly #tallyAccepted: (latest: Transaction, times: number) => void;
  readonly #tallyRejected: (reason: string) => void;

  /** @param log hears of transactions, once a second */
  constructor(log: Log) {
    this.#tallyAccepted = createTally((accepted, { id }) => {
      const what =
        accepted === 1 ? `transaction ${id}` : `${accepted} transactions in the last second`;
      log('accepted', `${what}, ${poolSize().transactions} in the pool`);
    });
    this.#tallyRejected = createTally((rejected, reason) => {
      log('refused', `${count(rejected, 'transaction')} (${reason})`);
    });
    let before = 0;
    setInterval(() => {
      this.#rate.shift();
      this.#rate.push(this.#counts.accepted - before);
      before = this.#counts.accepted;
    }, 1000).unref();
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  get rate(): readonly number[] {
    return this.#rate;
  }

  /** The latest transactions, the last one first. */
  get latest(): Arrival[] {
    const { accepted } = this.#counts;
    const first = accepted % LIMITS.shownTransactions;
    const arrivals = [...this.#arrivals.slice(first), ...this.#arrivals.slice(0, first)];
    return arrivals.reverse().map(({ transaction: { id, json }, from, at }) => {
      const { timeStamp } = JSON.parse(json);
      return { id, from, at, delayMs: typeof timeStamp === 'number' ? at - timeStamp : null };
    });
  }

  count(what: keyof Counts, times = 1): void {
    this.#counts[what] += times;
  }

  /**
   * New transactions have come, and were taken.
   *
   * @param sender undefined if it is no peer of ours
   */
  accepted(transactions: readonly Transaction[], sender: Peer | undefined): void {
    const from = sender?.address.text ?? null;
    const at = Date.now();
    const shown = transactions.slice(-LIMITS.shownTransactions);
    this.count('accepted', transactions.length - shown.length);
    for (const transaction of shown) {
      const arrival = { transaction, from, at };
      this.#arrivals[this.#counts.accepted % LIMITS.shownTransactions] = arrival;
      this.count('accepted');
    }
    this.#tallyAccepted(transactions.at(-1) as Transaction, transactions.length);
  }

  /** A new transaction was not taken. */
  rejected(reason: string): void {
    this.count('rejected');
    this.#tallyRejected(reason);
  }
}
