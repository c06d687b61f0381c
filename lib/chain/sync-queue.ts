/** The sync queue: nodes that claim more work than we have, and whose turn is next. */

import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';

/** A node says that its latest block has this height. */
export interface Claim {
  readonly from: Connection;
  readonly height: number;
}

export class SyncQueue {
  readonly #routes: Routes;
  readonly #heights = new Map<Connection, number>();
  /** Time of a node's last turn, and until when it gets no other. */
  readonly #servedMs = new WeakMap<Connection, number>();
  readonly #restUntilMs = new WeakMap<Connection, number>();

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  add({ from, height }: Claim): void {
    this.#heights.set(from, height);
  }

  drop(from: Connection): void {
    this.#heights.delete(from);
  }

  /** A claim came to nothing: the node gets no turn for a while. */
  rest(from: Connection): void {
    this.#restUntilMs.set(this.#nodeBehind(from), performance.now() + LIMITS.reconcileIntervalMs);
  }

  /**
   * Takes the next claim. Peers come first, so that an inbound connection keeps none of them
   * waiting; among these, the one that has waited longest; then the highest claim.
   *
   * @param height of our latest block
   */
  take(height: number): Claim | undefined {
    const nowMs = performance.now();
    const ready = [];
    for (const [from, claimed] of this.#heights) {
      const node = this.#nodeBehind(from);
      if (claimed <= height) this.#heights.delete(from);
      else if (nowMs >= (this.#restUntilMs.get(node) ?? 0)) {
        const isPeer = this.#routes.peerBehind(from) !== undefined;
        const servedMs = this.#servedMs.get(node) ?? 0;
        ready.push({ from, height: claimed, isPeer, servedMs });
      }
    }
    ready.sort((a, b) => {
      return Number(b.isPeer) - Number(a.isPeer) || a.servedMs - b.servedMs || b.height - a.height;
    });
    const [next] = ready;
    if (next === undefined) return undefined;
    this.#heights.delete(next.from);
    this.#servedMs.set(this.#nodeBehind(next.from), nowMs);
    return next;
  }

  /** One connection that stands for all connections with a proven peer. */
  #nodeBehind(from: Connection): Connection {
    return this.#routes.peerBehind(from) ?? from;
  }
}
