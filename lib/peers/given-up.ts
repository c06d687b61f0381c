/**
 * The learnt addresses that were given up. Whoever names one of them again, and however often, it is
 * dialled once after a minute, then after two, four and so on: nobody can make us hammer a third
 * party. Pure: times are in milliseconds of the caller's clock.
 */

import { LIMITS } from '../limits.js';

interface Record {
  /** How often in a row. */
  readonly times: number;
  /** Until then it is not learnt again. */
  readonly untilMs: number;
}

export class GivenUp {
  /** By the key of the address, the oldest first. */
  readonly #records = new Map<string, Record>();

  add(key: string, nowMs: number): void {
    const times = (this.#records.get(key)?.times ?? 0) + 1;
    const waitMs = Math.min(LIMITS.backoffLongestMs * 2 ** (times - 1), LIMITS.givenUpLongestMs);
    this.#records.delete(key);
    this.#records.set(key, { times, untilMs: nowMs + waitMs });
    const [oldest] = this.#records.keys();
    if (this.#records.size > LIMITS.learntAddresses) this.#records.delete(oldest as string);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  /** Whether an address may be learnt. */
  allows(key: string, nowMs: number): boolean {
    return nowMs >= (this.#records.get(key)?.untilMs ?? -Infinity);
  }

  /** A connection with it has lasted. */
  forget(key: string): void {
    this.#records.delete(key);
  }
}
