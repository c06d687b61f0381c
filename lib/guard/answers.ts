/** Answers the requests of our nodes at a bounded rate, one after the other. */

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import { type Log, reason } from '../log.js';
import { type Connection, nameOf, type Subject, send } from '../peers/connection.js';
import type { ConnectionLimits } from './connection-limits.js';
import type { RateLimits } from './rate-limits.js';

interface Answer {
  readonly subject: Subject;
  /** Resolves when the answer can be made. */
  ready?(): Promise<void>;
  /** Makes the answer. */
  makeFrame(): Promise<string | Buffer>;
  /** What to send if that fails. */
  readonly nothing: string | Buffer;
}

export class Answers {
  readonly #rateLimits: RateLimits;
  readonly #connectionLimits: ConnectionLimits;
  readonly #log: Log;
  #answering = Promise.resolve();

  constructor(rateLimits: RateLimits, connectionLimits: ConnectionLimits, log: Log) {
    this.#rateLimits = rateLimits;
    this.#connectionLimits = connectionLimits;
    this.#log = log;
  }

  /**
   * Answers a request. Until then, other requests from the same connection about the same subject
   * are ignored: nobody makes us work for, or remember, more than one of each.
   */
  async give(from: Connection, { subject, ready, makeFrame, nothing }: Answer): Promise<void> {
    const { asksFor, socket } = from;
    if (asksFor.has(subject)) return;
    asksFor.add(subject);
    while (!this.#rateLimits.of(from).requests.take(performance.now())) {
      await sleep(1000 / LIMITS.requestsPerSecond);
      if (socket.readyState !== socket.OPEN) return;
    }
    await ready?.();
    // One after the other, because an answer may be large.
    this.#answering = this.#answering.then(async () => {
      this.#connectionLimits.limitUnread();
      if (socket.readyState !== socket.OPEN) return;
      const frame = await makeFrame().catch((error) => {
        this.#log('not answered', `${nameOf(from)} (${reason(error)})`);
        return nothing;
      });
      send(from, frame, () => asksFor.delete(subject));
    });
  }
}
