/**
 * What the lab costs the network that it stands in: how fast many transactions given to one node reach
 * all pools, without a lab, with one at which nobody looks, and with its page open.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHROMIUM, closeBrowser, Visit } from '../test/support/browser.js';
import { freePort, until } from '../test/support/helpers.js';
import { untilFullMesh } from '../test/support/mesh.js';
import type { Network } from '../test/support/network.js';
import type { Named } from '../test/support/program.js';
import type { Figures, Group } from './experiment.js';
import { openStoppable } from './in-network.js';
import { childrenOf } from './machine.js';
import { poolSizeOf, poolsHaveAtMs } from './observation.js';
import { SETTLE_MS } from './onlookers.js';

/** How npm start is called, and whether somebody opens its page. */
interface Way {
  readonly system: string;
  readonly flags: (port: number) => string[];
  readonly isOpen: boolean;
}

interface LabNode extends Named {
  readonly folder: string;
}

const withLab = (port: number) => ['--lab-port', `${port}`];
const WAYS: readonly Way[] = [
  { system: 'lab open', flags: withLab, isOpen: true },
  { system: 'nobody looks', flags: withLab, isOpen: false },
  { system: 'no lab', flags: () => ['--no-lab'], isOpen: false },
];

/** Three nodes, which are given `count` transactions per run. */
export function labGroup(count: number): Group {
  return WAYS.filter(({ isOpen }) => !isOpen || CHROMIUM !== undefined).map((way) => ({
    name: 'in the lab, 3 nodes',
    system: way.system,
    open: () => openStoppable((network) => prepare(network, count, way)),
  }));
}

async function prepare(network: Network, count: number, way: Way) {
  if (way.isOpen) network.keep({ close: closeBrowser });
  const nodes = await addNodes(network);
  const terminal = network.start([
    'start-nodes.js',
    '--nodes',
    '3',
    ...way.flags(await freePort()),
  ]);
  await until('the nodes', () => terminal.stdout.split('] page: ').length === 4);
  await untilFullMesh(nodes);
  const runner = terminal.process.pid as number;
  const url = /^lab +(http:\S+)$/m.exec(terminal.stdout)?.[1] ?? '';
  const run = () =>
    way.isOpen ? giveWatched(network, nodes, count, url) : give(network, nodes, count);
  // The first one does not count: the programs and the page compile what they do.
  await run();
  return { nodes, pids: [runner, ...childrenOf(runner)], run };
}

async function addNodes(network: Network): Promise<LabNode[]> {
  const nodes: LabNode[] = [];
  const first = await freePort();
  for (const port of [first, await freePort(), await freePort()]) {
    const name = `node-${nodes.length + 1}`;
    await network.addNode(name, port, [`ws://localhost:${first}`]);
    nodes.push({ name, address: `ws://localhost:${port}`, folder: join(network.root, name) });
  }
  return nodes;
}

/** Gives transactions while somebody looks at the page of the lab. */
async function giveWatched(
  network: Network,
  nodes: readonly LabNode[],
  count: number,
  url: string,
): Promise<Figures> {
  const visit = await Visit.open(url);
  try {
    await visit.page.waitForSelector('body[data-connection=live]');
    return await give(network, nodes, count);
  } finally {
    await visit.close();
  }
}

/** Gives transactions to the first node, and waits until they are on the disk of all. */
async function give(network: Network, nodes: readonly LabNode[], count: number): Promise<Figures> {
  await sleep(SETTLE_MS);
  const startedMs = performance.now();
  const { code, stderr } = await network.run(['add-transaction.js', '--count', `${count}`]);
  if (code !== 0) throw new Error(stderr.trim());
  // The command has ended, so all of them are on the disk of the first.
  const [first] = nodes as [LabNode];
  const doneMs = await poolsHaveAtMs(nodes, await poolSizeOf(first));
  return { 'tx/s': (count / (doneMs - startedMs)) * 1000 };
}
