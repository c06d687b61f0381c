/** The numbers of a node, in the text format of Prometheus. */

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Chain } from '../chain/chain.js';
import type { Counters, Counts } from '../counters.js';
import type { Peer } from '../peers/connection.js';
import type { Pool } from '../pool/pool.js';

interface Measured {
  readonly peers: { readonly connected: ReadonlyMap<string, Peer> };
  readonly pool: Pool;
  readonly chain: Chain;
  readonly counters: Counters;
}

/** Returns a registry that reads the numbers only when it is asked for them. */
export function createMetrics({ peers, pool, chain, counters }: Measured): Registry {
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
        this.inc(counters.counts[what]);
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
        for (const outcome of outcomes) this.inc({ [label]: outcome }, counters.counts[outcome]);
      },
    });
  }

  gauge('mesh_peers', 'Peers that we are connected to', () => peers.connected.size);
  counterBy('result', 'mesh_dials_total', 'Dials', ['connected', 'failed']);
  counterBy('outcome', 'mesh_transactions_total', 'Transactions that came', [
    'accepted',
    'duplicate',
    'rejected',
  ]);
  counter('mesh_relayed_copies_total', 'Copies of transactions sent on', 'relayed');
  gauge('mesh_pool_transactions', 'Transactions in the pool', () => pool.size.transactions);
  gauge('mesh_pool_bytes', 'Length of the file of the pool', () => pool.size.bytes);
  counter('mesh_reconciliations_total', 'Comparisons of pools with others', 'compared');
  gauge('mesh_chain_height', 'Height of the latest block', () => chain.height);
  collectDefaultMetrics({ register: registry });
  return registry;
}
