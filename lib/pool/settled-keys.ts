/** The keys that a comparison counts: on disk, and not just on their way to the other node. */

import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';
import type { KeyPage } from './merkle-tree.js';
import type { Pool } from './pool.js';

export class SettledKeys {
  readonly #pool: Pool;
  readonly #routes: Routes;
  /** How many transactions had been added one to two seconds ago, and at the last full second. */
  #settled: number;
  #recent: number;

  constructor(pool: Pool, routes: Routes) {
    this.#pool = pool;
    this.#routes = routes;
    this.#settled = pool.arrivals;
    this.#recent = pool.arrivals;
    setInterval(() => {
      [this.#settled, this.#recent] = [this.#recent, pool.arrivals];
    }, LIMITS.settleMs).unref();
  }

  /** The settled keys under some nodes of the tree, from a place in order of arrival. */
  under(nodes: readonly string[], from: number, to: Connection, limit: number): KeyPage {
    const toldSince = this.#routes.peerBehind(to)?.toldSince ?? Infinity;
    const arrived = Math.max(this.#settled, toldSince);
    return this.#pool.tree.keysUnder(nodes, from, Math.min(arrived, this.#pool.savedCount), limit);
  }
}
