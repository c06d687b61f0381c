/** Virtual time: it jumps from one event to the next, however far apart they are. */

import FlatQueue from 'flatqueue';

export class Clock<E> {
  nowMs = 0;
  readonly #events = new FlatQueue<E>();

  after(waitMs: number, event: E): void {
    this.at(this.nowMs + waitMs, event);
  }

  at(timeMs: number, event: E): void {
    this.#events.push(event, timeMs);
  }

  /** Handles all events up to a time, in their order. */
  run(untilMs: number, handle: (event: E) => void): void {
    for (;;) {
      const nextMs = this.#events.peekValue();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.nowMs = nextMs;
      handle(this.#events.pop() as E);
    }
    this.nowMs = untilMs;
  }
}
