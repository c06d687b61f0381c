/**
 * A token bucket: allows a burst of `depth` tokens, then `perSecond`. Pure: the caller passes the
 * time in milliseconds.
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

  /** Takes some tokens, one unless told; false if there are not so many. */
  take(nowMs: number, tokens = 1): boolean {
    const refilled = this.#tokens + ((nowMs - this.#updatedMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#depth, refilled);
    this.#updatedMs = nowMs;
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }
}
