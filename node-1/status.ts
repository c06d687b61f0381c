/** How a node is: what GET /status answers, and what its page shows. */

import type { Chain } from './chain.js';
import { LIMITS, VERSION } from './config.js';
import type { LogLine } from './log.js';
import type { Meter } from './meter.js';
import { mapNetwork, type View } from './network-map.js';
import { poolSize } from './transactions.js';

/** What a status is read from, as it is at the time. */
export interface Observed extends View {
  readonly chain: Chain;
  readonly meter: Meter;
  readonly recentLines: readonly LogLine[];
}

export type Section = 'node' | 'network' | 'transactions' | 'pool' | 'chain' | 'log';

/** The JSON of each section. */
export type Status = Readonly<Record<Section, string>>;

const startedAt = Date.now() - uptimeMs();

/** Reads how a node is. PROTOCOL.md describes it. */
export function readStatus(observed: Observed): Status {
  const { own, connections, chain, meter, recentLines } = observed;
  const { accepted, duplicate, rejected, relayed } = meter.counts;
  const clients = [...connections].filter((each) => each.isInbound && each.address === undefined);
  const status: Record<Section, unknown> = {
    node: {
      address: own.text,
      version: VERSION,
      startedAt,
      uptimeMs: uptimeMs(),
      clients: clients.length,
    },
    network: mapNetwork(observed),
    transactions: {
      accepted,
      duplicate,
      rejected,
      relayed,
      rate: meter.rate,
      latest: meter.latest,
    },
    pool: poolSize(),
    chain: { height: chain.height, blocks: chain.latest(LIMITS.shownBlocks) },
    log: recentLines,
  };
  const texts = Object.entries(status).map(([section, value]) => [section, JSON.stringify(value)]);
  return Object.fromEntries(texts) as Record<Section, string>;
}

/** The JSON of some sections, in one object. */
export function statusJson(status: Partial<Status>): string {
  const members = Object.entries(status).map(([section, json]) => `"${section}":${json}`);
  return `{${members.join()}}`;
}

/** Whatever becomes of the clock. */
function uptimeMs(): number {
  return Math.round(process.uptime() * 1000);
}
