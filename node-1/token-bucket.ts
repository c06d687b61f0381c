/**
 * Allows a burst of `depth`, then so many a second: what one peer may make us do.
 * Times are given in milliseconds by the caller, so that it is a pure decision.
 */
export class TokenBucket {
  readonly #depth: number;
  readonly #perSecond: number;
  #tokens: number;
  #updatedMs: number;

  constructor(depth: number, nowMs: number, perSecond = 1) {
    this.#depth = depth;
    this.#perSecond = perSecond;
    this.#tokens = depth;
    this.#updatedMs = nowMs;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#updatedMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#depth, refilled);
    this.#updatedMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
