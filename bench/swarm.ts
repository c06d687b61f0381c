/**
 * The price of links by the swarm, encrypted over UDP, in place of links by TCP: how fast
 * many transactions reach all nodes, and how long the event loop of a node is kept waiting meanwhile.
 */

import { visit } from '../test/support/http.js';
import type { RunningNode } from '../test/support/program.js';
import { openDht, placeOf } from '../test/support/swarm.js';
import type { Group, Opened } from './experiment.js';
import { OurFleet } from './our-fleet.js';
import { relay, workOf } from './relay.js';

const SIZE = 3;
const LAG = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m;

export function swarmGroup(): Group {
  return [
    { name: `relay by the swarm, ${SIZE} nodes`, system: 'swarm', open: openBySwarm },
    { name: `relay by the swarm, ${SIZE} nodes`, system: 'TCP', open: () => open() },
  ];
}

async function openBySwarm(): Promise<Opened> {
  const dht = await openDht();
  const opened = await open(placeOf(dht));
  return {
    ...opened,
    async close() {
      await opened.close();
      await dht.destroy();
    },
  };
}

async function open(bootstrap?: string): Promise<Opened> {
  const fleet = await OurFleet.open(SIZE, 0, bootstrap);
  const opened = await relay(fleet, workOf('ours', SIZE));
  return {
    ...opened,
    async run() {
      await longestLagMs(fleet.nodes);
      const figures = await opened.run();
      return { ...figures, 'lag p99 ms': await longestLagMs(fleet.nodes) };
    },
  };
}

/** The 99th percentile of the delay of the event loop since it was last asked for, the longest of all. */
async function longestLagMs(nodes: readonly RunningNode[]): Promise<number> {
  const lags = await Promise.all(
    nodes.map(async (node) => Number(LAG.exec((await visit(node, '/metrics')).body)?.[1])),
  );
  return Math.max(...lags) * 1000;
}
