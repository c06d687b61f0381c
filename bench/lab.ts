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
import type { Figures, Group, Opened } from './experiment.js';
import { openInNetwork } from './in-network.js';
import { poolSizeOf, poolsHaveAtMs } from './observation.js';
import { SETTLE_MS } from './onlookers.js';

/** Time until what a run has left is gone. */
const REST_MS = 500;

/** How npm start is called, and whether somebody opens its page. */
interface Way {
  readonly system: string;
  readonly flags: (port: number) => string[];
  readonly isOpen: boolean;
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
    open: () => openWay(count, way),
  }));
}

async function openWay(count: number, way: Way): Promise<Opened> {
  const opened = await openInNetwork((network) => prepare(network, count, way));
  if (!way.isOpen) return opened;
  const close = async () => {
    await opened.close();
    await closeBrowser();
  };
  return { ...opened, close };
}

async function prepare(network: Network, count: number, { flags, isOpen }: Way) {
  const ports = [await freePort(), await freePort(), await freePort()];
  const nodes = ports.map((port, index) => {
    const name = `node-${index + 1}`;
    return { name, address: `ws://localhost:${port}`, folder: join(network.root, name) };
  });
  for (const [index, port] of ports.entries()) {
    await network.addNode(`node-${index + 1}`, port, [`ws://localhost:${ports[0]}`]);
  }
  const args = ['start-nodes.js', '--nodes', '3', ...flags(await freePort())];
  const terminal = network.start(args);
  await until('the nodes', () => terminal.stdout.split('] page: ').length === 4);
  await untilFullMesh(nodes);
  const run = async () => {
    const url = /^lab +(http:\S+)$/m.exec(terminal.stdout)?.[1] ?? '';
    const visit = isOpen ? await visitLab(url) : undefined;
    try {
      return await give(network, nodes, count);
    } finally {
      await visit?.close();
      await sleep(REST_MS);
    }
  };
  // The first one does not count: the programs and the page compile what they do.
  await run();
  return run;
}

async function visitLab(url: string): Promise<Visit> {
  const visit = await Visit.open(url);
  await visit.page.waitForSelector('body[data-connection=live]');
  await sleep(SETTLE_MS);
  return visit;
}

/** Gives transactions to the first node, and waits until they are on the disk of all. */
async function give(
  network: Network,
  nodes: readonly { folder: string }[],
  count: number,
): Promise<Figures> {
  const startedMs = performance.now();
  const { code, stderr } = await network.run(['add-transaction.js', '--count', `${count}`]);
  if (code !== 0) throw new Error(stderr.trim());
  // The command has ended, so all of them are on the disk of the first.
  const [first] = nodes as [{ folder: string }];
  const doneMs = await poolsHaveAtMs(nodes, await poolSizeOf(first));
  return { 'tx/s': (count / (doneMs - startedMs)) * 1000 };
}
