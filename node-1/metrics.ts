/** A node in numbers, in the text format of Prometheus. */

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Chain } from './chain.js';
import type { Peer } from './connection.js';
import type { Counts, Meter } from './meter.js';
import { poolSize } from './transactions.js';

interface Measured {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly chain: Chain;
  readonly meter: Meter;
}

/** Returns what reads the numbers when it is asked for them, and never otherwise. */
export function createMetrics({ peers, chain, meter }: Measured): Registry {
  const registry = new Registry();
  const registers = [registry];

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  function counter(name: string, help: string, what: keyof Counts): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(meter.counts[what]);
      },
    });
  }

  function counterBy(label: string, name: string, help: string, outcomes: (keyof Counts)[]): void {
    new Counter({
      name,
      help,
      registers,
      labelNames: [label],
      collect() {
        this.reset();
        for (const outcome of outcomes) this.inc({ [label]: outcome }, meter.counts[outcome]);
      },
    });
  }

  gauge('mesh_peers', 'Peers that we are connected to', () => peers.size);
  counterBy('result', 'mesh_dials_total', 'Dials', ['connected', 'failed']);
  counterBy('outcome', 'mesh_transactions_total', 'Transactions that came', [
    'accepted',
    'duplicate',
    'rejected',
  ]);
  counter('mesh_relayed_copies_total', 'Copies of transactions sent on', 'relayed');
  gauge('mesh_pool_transactions', 'Transactions in the pool', () => poolSize().transactions);
  gauge('mesh_pool_bytes', 'Length of the file of the pool', () => poolSize().bytes);
  counter('mesh_reconciliations_total', 'Comparisons of pools with others', 'compared');
  gauge('mesh_chain_height', 'Height of the latest block', () => chain.height);
  collectDefaultMetrics({ register: registry });
  return registry;
}
