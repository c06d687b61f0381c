/** The sync queue: the nodes that claim more work than we have, and whose turn it is to show it. */

import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';

/** Somebody says that its latest block is so high. */
export interface Claim {
  readonly from: Connection;
  readonly height: number;
}

export class SyncQueue {
  readonly #routes: Routes;
  readonly #heights = new Map<Connection, number>();
  /** When somebody last had a turn, and until when it has none. */
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

  /** Nothing came of a claim: for a while, others have their turn. */
  rest(from: Connection): void {
    this.#restUntilMs.set(this.#nodeBehind(from), performance.now() + LIMITS.reconcileIntervalMs);
  }

  /**
   * Takes the next claim: peers first, so that a connection that only dials us keeps none of them
   * waiting; of these the one that has waited longest, whatever it claims; then the highest claim.
   *
   * @param height of our own latest block
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

  /** The same for all connections with a peer that is proven to be there. */
  #nodeBehind(from: Connection): Connection {
    return this.#routes.peerBehind(from) ?? from;
  }
}
