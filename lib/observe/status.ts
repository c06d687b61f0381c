/** The status of a node: the answer to GET /status, and what its page shows. */

import type { Chain } from '../chain/chain.js';
import type { Counters } from '../counters.js';
import { LIMITS, VERSION } from '../limits.js';
import type { NodeLog } from '../log.js';
import type { Pool } from '../pool/pool.js';
import { mapNetwork, type View } from './network-map.js';

/** What a status is read from; read when needed. */
export interface Observed {
  readonly peers: View;
  readonly pool: Pool;
  readonly chain: Chain;
  readonly counters: Counters;
}

export type Section = 'node' | 'network' | 'transactions' | 'pool' | 'chain' | 'log';

/** The JSON of each section. */
export type Status = Readonly<Record<Section, string>>;

const startedAt = Date.now() - uptimeMs();

/** Reads the status of a node; docs/protocol.md describes it. */
export function readStatus({ peers, pool, chain, counters }: Observed, log: NodeLog): Status {
  const { accepted, duplicate, rejected, relayed } = counters.counts;
  const { own, swarm, connections } = peers;
  const clients = [...connections].filter((each) => each.isInbound && each.address === undefined);
  const status: Record<Section, unknown> = {
    node: {
      address: own.text,
      ...(swarm && { inSwarm: swarm.address }),
      version: VERSION,
      startedAt,
      uptimeMs: uptimeMs(),
      clients: clients.length,
    },
    network: mapNetwork(peers),
    transactions: {
      accepted,
      duplicate,
      rejected,
      relayed,
      rate: counters.rate,
      minute: counters.minute,
      latest: counters.latest.map(({ key, ...arrival }) => {
        return { ...arrival, block: chain.heightOf(key) ?? null };
      }),
    },
    pool: pool.size,
    chain: {
      height: chain.height,
      blocks: chain.latest(LIMITS.shownBlocks),
      others: otherTips(peers, chain),
    },
    log: log.recentLines,
  };
  const texts = Object.entries(status).map(([section, value]) => [section, JSON.stringify(value)]);
  return Object.fromEntries(texts) as Record<Section, string>;
}

/** The nodes that have as much work as we have, at another block than ours. */
function otherTips(
  { connections, routes }: View,
  { tip }: Chain,
): { address: string; hash: string }[] {
  const latest = new Map<string, { hash: string; height: number; toldMs: number }>();
  for (const connection of connections) {
    // Anybody can call in the name of another node.
    const { address } = connection.isInbound ? (routes.peerBehind(connection) ?? {}) : connection;
    const { tip: theirs } = connection;
    if (address === undefined || theirs === undefined) continue;
    const known = latest.get(address.text);
    if (known === undefined || known.toldMs < theirs.toldMs) latest.set(address.text, theirs);
  }
  return [...latest]
    .filter(([, { height, hash }]) => height === tip.height && hash !== tip.hash)
    .map(([address, { hash }]) => ({ address, hash }));
}

/** The JSON of some sections, in one object. */
export function statusJson(status: Partial<Status>): string {
  const members = Object.entries(status).map(([section, json]) => `"${section}":${json}`);
  return `{${members.join()}}`;
}

/** Independent of changes to the clock. */
function uptimeMs(): number {
  return Math.round(process.uptime() * 1000);
}
