/** How a peer in a process of its own is told what to do by the harness, and what it tells it. */

import { nowMs } from '../machine.js';
import { numberAt } from '../transactions.js';

/** What the harness says. */
export type Order =
  | {
      readonly type: 'dial';
      readonly addresses: readonly string[];
      /** How many others it will be connected to, whoever of them dials. */
      readonly neighbours: number;
    }
  /** The next run: so many transactions will come, with numbers from `from` on. */
  | {
      readonly type: 'expect';
      readonly from: number;
      readonly count: number;
      /** Whether to note when each of them comes. */
      readonly isTimed: boolean;
    }
  /** How many have come since then? */
  | { readonly type: 'count' };

/** What the peer says. */
export type Report =
  /** Where transactions are handed in, which only the first peer needs, and where others dial. */
  | { readonly type: 'listening'; readonly door: string; readonly address: string }
  | { readonly type: 'settled' }
  | { readonly type: 'expecting' }
  /** All have come; with when each did, by its number, if that was asked for. */
  | { readonly type: 'complete'; readonly atMs: number; readonly timesMs: readonly number[] }
  | { readonly type: 'counted'; readonly count: number };

/** What each kind of peer does in its own way. */
interface Peer {
  /** Resolves when it is connected as its kind is to be. */
  dial(addresses: readonly string[], neighbours: number): Promise<void>;
  /** Begins with an empty pool again, if it has one. */
  forget?(): void;
}

export class Control {
  #from = 0;
  #expected = Infinity;
  #count = 0;
  #timesMs: number[] | undefined;

  constructor(peer: Peer) {
    process.on('message', (order: Order) => this.#obey(order, peer));
    // Nobody is left to measure us.
    process.once('disconnect', () => process.exit());
  }

  report(report: Report): void {
    process.send?.(report);
  }

  /** A new transaction is here; its text begins at some place in these bytes. */
  onTransaction(bytes: Buffer, offset: number): void {
    if (this.#timesMs !== undefined) {
      this.#timesMs[numberAt(bytes, offset) - this.#from] = nowMs();
    }
    this.#count += 1;
    if (this.#count !== this.#expected) return;
    this.report({ type: 'complete', atMs: nowMs(), timesMs: this.#timesMs ?? [] });
  }

  async #obey(order: Order, peer: Peer): Promise<void> {
    if (order.type === 'dial') {
      await peer.dial(order.addresses, order.neighbours);
      this.report({ type: 'settled' });
    } else if (order.type === 'expect') {
      peer.forget?.();
      this.#from = order.from;
      this.#expected = order.count;
      this.#count = 0;
      this.#timesMs = order.isTimed ? [] : undefined;
      this.report({ type: 'expecting' });
    } else {
      this.report({ type: 'counted', count: this.#count });
    }
  }
}
