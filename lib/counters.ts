/** Counts what happens on a node, for its page, its metrics and its line per second. */

import { Histogram } from './histogram.js';
import { LIMITS } from './limits.js';
import { count, type Log } from './log.js';
import type { Key } from './wire/key.js';
import type { TransactionId } from './wire/message.js';
import type { Transaction } from './wire/transaction.js';

/** A transaction that was accepted, as the page shows it. */
export interface Arrival {
  readonly id: TransactionId;
  /** The address of the peer that sent it first; null if that was no peer of ours. */
  readonly from: string | null;
  /** In ms since 1970. */
  readonly at: number;
  /** How long after it was made, in ms, by the clock of its maker; null if it has no timeStamp. */
  readonly delayMs: number | null;
  /** What it says of these, cut short; null for what is neither a text nor a number. */
  readonly fromAddress: string | number | null;
  readonly toAddress: string | number | null;
  readonly amount: string | number | null;
}

/** All since the node was started. */
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
  /** Pools that were compared with ours, and comparisons that the other end let fail. */
  compared: number;
  notCompared: number;
  /** Transactions that we lacked and got by comparisons, and keys that others lacked. */
  fetched: number;
  offered: number;
  /** Blocks that were added to the chain, and forks that replaced a part of it. */
  blocks: number;
  reorganised: number;
}

/** In seconds: a comparison is a few frames, or fetches a whole pool. */
const COMPARISON_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

export class Counters {
  readonly #counts: Counts = {
    connected: 0,
    failed: 0,
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    relayed: 0,
    compared: 0,
    notCompared: 0,
    fetched: 0,
    offered: 0,
    blocks: 0,
    reorganised: 0,
  };
  /** How long the comparisons took that came to their end. */
  readonly comparisons = new Histogram(COMPARISON_BOUNDS);
  /** A ring: the number of those accepted leads to the latest. */
  readonly #arrivals: { transaction: Transaction; from: string | null; at: number }[] = [];
  /** How many were accepted in each of the last seconds, the latest last. */
  readonly #rate = new Array<number>(LIMITS.shownSeconds).fill(0);
  /** How many were accepted before this second. */
  #before = 0;
  readonly #tallyAccepted: (latest: { id: TransactionId; pooled: number }, times: number) => void;
  readonly #tallyRejected: (reason: string) => void;

  /** @param log hears of transactions, once a second */
  constructor(log: Log) {
    this.#tallyAccepted = createTally((accepted, { id, pooled }) => {
      const what =
        accepted === 1 ? `transaction ${id}` : `${accepted} transactions in the last second`;
      log('accepted', `${what}, ${pooled} in the pool`);
    });
    this.#tallyRejected = createTally((rejected, reason) => {
      log('refused', `${count(rejected, 'transaction')} (${reason})`);
    });
    setInterval(() => {
      this.#rate.shift();
      this.#rate.push(this.#counts.accepted - this.#before);
      this.#before = this.#counts.accepted;
    }, 1000).unref();
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  get rate(): readonly number[] {
    return this.#rate;
  }

  /** How many were accepted in the last minute, up to now. */
  get minute(): number {
    const whole = this.#rate.reduce((sum, each) => sum + each, 0);
    return whole + this.#counts.accepted - this.#before;
  }

  /** The latest transactions, the last one first, and their keys. */
  get latest(): (Arrival & { readonly key: Key })[] {
    const { accepted } = this.#counts;
    const first = accepted % LIMITS.shownTransactions;
    const arrivals = [...this.#arrivals.slice(first), ...this.#arrivals.slice(0, first)];
    return arrivals.reverse().map(({ transaction: { id, key, json }, from, at }) => {
      const { timeStamp, fromAddress, toAddress, amount } = JSON.parse(json);
      return {
        id,
        key,
        from,
        at,
        delayMs: typeof timeStamp === 'number' ? at - timeStamp : null,
        fromAddress: shown(fromAddress),
        toAddress: shown(toAddress),
        amount: shown(amount),
      };
    });
  }

  count(what: keyof Counts, times = 1): void {
    this.#counts[what] += times;
  }

  /**
   * New transactions were accepted.
   *
   * @param from the address of the peer that sent them; null if that was no peer of ours
   * @param pooled how many transactions are in the pool now
   */
  accepted(transactions: readonly Transaction[], from: string | null, pooled: number): void {
    const at = Date.now();
    const shown = transactions.slice(-LIMITS.shownTransactions);
    this.count('accepted', transactions.length - shown.length);
    for (const transaction of shown) {
      const arrival = { transaction, from, at };
      this.#arrivals[this.#counts.accepted % LIMITS.shownTransactions] = arrival;
      this.count('accepted');
    }
    const { id } = transactions.at(-1) as Transaction;
    this.#tallyAccepted({ id, pooled }, transactions.length);
  }

  /** A comparison of pools has come to its end after so long. */
  compared(tookMs: number): void {
    this.count('compared');
    this.comparisons.observe(tookMs / 1000);
  }

  /** A new transaction was rejected. */
  rejected(reason: string): void {
    this.count('rejected');
    this.#tallyRejected(reason);
  }
}

function shown(value: unknown): string | number | null {
  if (typeof value === 'string') return value.slice(0, LIMITS.shownCharacters);
  return typeof value === 'number' ? value : null;
}

/**
 * Returns a function to call for each occurrence of something frequent, or for several at once.
 * `report` gets the first one at once, then a second's worth at a time, so that a flood of
 * transactions is a line a second.
 *
 * @param report gets how many occurred since the last report, and the latest of them
 */
function createTally<T>(
  report: (count: number, latest: T) => void,
): (item: T, times?: number) => void {
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  let latest: T;

  function tick(): void {
    timer = undefined;
    if (count === 0) return;
    report(count, latest);
    count = 0;
    timer = setTimeout(tick, 1000).unref();
  }

  return (item, times = 1) => {
    count += times;
    latest = item;
    if (timer === undefined) tick();
  };
}
