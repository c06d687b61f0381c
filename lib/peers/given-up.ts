/**
 * The learnt addresses that were given up. One that is named again is dialled once, 16 seconds after
 * its latest failure, then 32, 64 and so on, whoever names it how often: nobody can make us hammer a
 * third party. Pure: times are in milliseconds of the caller's clock.
 */

import { LIMITS } from '../limits.js';

/** The wait after the first time: as long as if the address had gone on failing. */
const FIRST_MS = LIMITS.backoffFirstMs * 2 ** (LIMITS.learntAttempts - 1);

interface Record {
  /** How often in a row. */
  readonly times: number;
  /** Until then it is not dialled again. */
  readonly untilMs: number;
}

export class GivenUp {
  /** By the key of the address, the oldest first. */
  readonly #records = new Map<string, Record>();

  add(key: string, nowMs: number): void {
    const times = (this.#records.get(key)?.times ?? 0) + 1;
    const waitMs = Math.min(FIRST_MS * 2 ** (times - 1), LIMITS.givenUpLongestMs);
    this.#records.delete(key);
    this.#records.set(key, { times, untilMs: nowMs + waitMs });
    const [oldest] = this.#records.keys();
    if (this.#records.size > LIMITS.learntAddresses) this.#records.delete(oldest as string);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  /** From when on an address may be dialled. */
  dueMs(key: string): number {
    return this.#records.get(key)?.untilMs ?? -Infinity;
  }

  /** A connection with it has lasted. */
  forget(key: string): void {
    this.#records.delete(key);
  }
}
