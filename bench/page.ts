/**
 * What it costs the network if somebody looks at a node's page: how fast many transactions given to
 * that node reach all pools, with and without a reader.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../test/support/network.js';
import type { NodeProcess } from '../test/support/program.js';
import type { Figures, Group } from './experiment.js';
import { openStoppable } from './in-network.js';
import { processorMs } from './machine.js';
import { poolSizeOf, poolsHaveAtMs } from './observation.js';
import { LOOKS, type Onlooker, SETTLE_MS } from './onlookers.js';

/** Time until what a run has left is gone, such as a browser. */
const REST_MS = 500;

type Look = (node: NodeProcess) => Promise<Onlooker>;

/** Three nodes. One is given `count` transactions per run, and is looked at in each of the ways. */
export function pageGroup(count: number): Group {
  return [...LOOKS].map(([system, look]) => ({
    name: 'page open, 3 nodes',
    system,
    open: () => openStoppable((network) => prepare(network, count, look)),
  }));
}

async function prepare(network: Network, count: number, look: Look) {
  const nodes = await network.startMesh(3);
  let given = 0;
  const run = async () => {
    given += count;
    const onlooker = await look(nodes[0] as NodeProcess);
    try {
      await sleep(SETTLE_MS);
      const figures = await give(network, nodes, count);
      await onlooker.sees(given);
      for (const node of nodes) await checkPool(node, given);
      return figures;
    } finally {
      await onlooker.leave();
      await sleep(REST_MS);
    }
  };
  return { nodes, pids: nodes.map(({ process }) => process.pid as number), run };
}

/** Gives transactions to the first node, and waits until they are on the disk of all. */
async function give(
  network: Network,
  nodes: readonly NodeProcess[],
  count: number,
): Promise<Figures> {
  const [first] = nodes as [NodeProcess];
  const pids = [first.process.pid as number];
  const beforeMs = processorMs(pids);
  const startedMs = performance.now();
  const { code, stderr } = await network.run(['add-transaction.js', '--count', `${count}`]);
  if (code !== 0) throw new Error(stderr.trim());
  // The command has ended, so all of them are on the disk of the first.
  const doneMs = await poolsHaveAtMs(nodes, await poolSizeOf(first));
  return {
    'tx/s': (count / (doneMs - startedMs)) * 1000,
    'CPU s of the node': (processorMs(pids) - beforeMs) / 1000,
  };
}

/** @throws Error unless a pool holds `count` transactions, each once */
async function checkPool(node: NodeProcess, count: number): Promise<void> {
  const ids = (await node.pool()).map(({ id }) => id);
  const own = new Set(ids);
  if (ids.length === count && own.size === count) return;
  throw new Error(`${node.name} has ${own.size} of ${count} transactions, in ${ids.length} lines`);
}
