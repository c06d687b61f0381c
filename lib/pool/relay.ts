/**
 * Relays new transactions. Those that arrive over one connection in one turn of the event loop go
 * to the same peers: to our own nodes together in one frame, to plain peers one per frame.
 */

import type { Counters } from '../counters.js';
import type { Backpressure } from '../guard/backpressure.js';
import { LIMITS } from '../limits.js';
import { type Connection, send } from '../peers/connection.js';
import type { Routes } from '../peers/routes.js';
import type { Transaction } from '../wire/transaction.js';
import { manyFrame, textsOf, transactionFrame } from '../wire/transaction-messages.js';
import type { Pool } from './pool.js';

export class Relay {
  readonly #pool: Pool;
  readonly #routes: Routes;
  readonly #backpressure: Backpressure;
  readonly #counters: Counters;
  /** Transactions that are relayed together, their length, and the connection they came over. */
  #batch: Transaction[] = [];
  #bytes = 0;
  #from: Connection | undefined;

  constructor(pool: Pool, routes: Routes, backpressure: Backpressure, counters: Counters) {
    this.#pool = pool;
    this.#routes = routes;
    this.#backpressure = backpressure;
    this.#counters = counters;
  }

  /**
   * Relays a transaction at the end of this turn of the event loop, with the others of the turn.
   */
  add(transaction: Transaction, from: Connection): void {
    const { bytes } = transaction;
    const isFull = this.#batch.length === LIMITS.keys || this.#bytes + bytes > LIMITS.relayBytes;
    if (isFull || from !== this.#from) this.#flush();
    if (this.#batch.length === 0) process.nextTick(() => this.#flush());
    this.#from = from;
    this.#batch.push(transaction);
    this.#bytes += bytes;
  }

  /** Sends a frame about a block to those of our nodes that its sender is not connected to. */
  announce(frame: Buffer, from: Connection): void {
    for (const peer of this.#routes.from(from)) {
      if (peer.identity !== undefined) this.#backpressure.send(peer, [frame], from);
    }
    for (const caller of this.#readers(from)) send(caller, frame);
  }

  #flush(): void {
    const [batch, from] = [this.#batch, this.#from];
    if (batch.length === 0 || from === undefined) return;
    this.#batch = [];
    this.#bytes = 0;
    const sender = this.#routes.peerBehind(from)?.address.text ?? null;
    this.#counters.accepted(batch, sender, this.#pool.size.transactions);
    const alone = once(() => batch.map(({ json }) => transactionFrame(json)));
    const together = once(() => [manyFrame('RELAY', textsOf(batch))]);
    for (const peer of this.#routes.from(from)) {
      const isAlone = batch.length === 1 || peer.identity === undefined;
      const isSent = this.#backpressure.send(peer, isAlone ? alone() : together(), from);
      if (isSent) this.#counters.count('relayed', batch.length);
    }
    for (const caller of this.#readers(from)) {
      for (const frame of batch.length === 1 ? alone() : together()) send(caller, frame);
      this.#counters.count('relayed', batch.length);
    }
  }

  /** The nodes that we cannot dial. One that does not keep up finds the rest by comparing pools. */
  #readers(from: Connection): Connection[] {
    return this.#routes
      .undialled(from)
      .filter(({ socket }) => socket.bufferedAmount <= LIMITS.slowBytes);
  }
}

/** Returns a function that makes a value at its first call, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
