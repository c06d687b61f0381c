/**
 * Passes new transactions on. What comes over a connection in one go is for the same peers, and
 * travels together to those that are like us; everybody else gets one transaction a frame.
 */

import { LIMITS } from './config.js';
import type { Connection } from './connection.js';
import type { Flow } from './flow.js';
import type { Meter } from './meter.js';
import type { Routes } from './routes.js';
import type { Transaction } from './transaction.js';
import { manyFrame, transactionFrame } from './transaction-messages.js';

interface Host {
  readonly routes: Routes;
  readonly flow: Flow;
  readonly meter: Meter;
}

export class Relay {
  readonly #host: Host;
  /** What goes on together, how long that is, and over which connection it came. */
  #batch: Transaction[] = [];
  #bytes = 0;
  #from: Connection | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Passes a transaction on, with what else comes before the event loop goes on. */
  add(transaction: Transaction, from: Connection): void {
    const { bytes } = transaction;
    const isFull = this.#batch.length === LIMITS.keys || this.#bytes + bytes > LIMITS.relayBytes;
    if (isFull || from !== this.#from) this.#flush();
    if (this.#batch.length === 0) process.nextTick(() => this.#flush());
    this.#from = from;
    this.#batch.push(transaction);
    this.#bytes += bytes;
  }

  #flush(): void {
    const [batch, from] = [this.#batch, this.#from];
    if (batch.length === 0 || from === undefined) return;
    this.#batch = [];
    this.#bytes = 0;
    const { routes, flow, meter } = this.#host;
    meter.accepted(batch, routes.peerBehind(from));
    const texts = batch.map(({ json }) => json);
    const alone = once(() => texts.map(transactionFrame));
    const together = once(() => [manyFrame('RELAY', texts)]);
    for (const peer of routes.from(from)) {
      const isAlone = batch.length === 1 || peer.announcement === undefined;
      const isSent = flow.send(peer, isAlone ? alone() : together(), from);
      if (isSent) meter.count('relayed', batch.length);
    }
  }
}

/** Makes something when it is wanted first, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
