/** What it takes to make two large pools the same that differ a little. */

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import type { NodeProcess } from '../test/support/program.js';
import { Switchboard } from '../test/support/switchboard.js';
import { type Figures, type Group, OURS } from './experiment.js';
import { openAnew } from './in-network.js';
import { poolSizeOf, poolsHaveAtMs, saidAtMs } from './observation.js';
import { CLOSING, copyPool, poolBytes } from './pool-files.js';
import { transactionText } from './transactions.js';

/** Two pools of `pooled` transactions, for each number of transactions by which they differ. */
export function reconciliationGroup(pooled: number, differences: readonly number[]): Group {
  return differences.map((difference) => ({
    name: `pools of ${pooled.toLocaleString('en')}, ${difference.toLocaleString('en')} apart`,
    system: OURS,
    open: () => openAnew((network) => measure(network, pooled, difference)),
  }));
}

/** Each run has two new nodes: running ones have computed the digests of their pools already. */
async function measure(network: Network, pooled: number, difference: number): Promise<Figures> {
  const ports = [await freePort(), await freePort()] as const;
  const switchboard = network.keep(await Switchboard.open(ports));
  // The first lacks the end of the second, and the second lacks the beginning of the first.
  const end = pooled + Math.floor(difference / 2);
  const begin = Math.ceil(difference / 2);
  await network.addNode('node-1', ports[0], []);
  await copyPool(0, pooled, network.path('node-1/transactions.json'));
  await network.addNode('node-2', ports[1], [switchboard.addressFor(1, 0)]);
  await copyPool(begin, end, network.path('node-2/transactions.json'));

  const first = network.launch('node-1', ports[0]);
  await saidAtMs(first, /\] listening: /);
  const second = network.launch('node-2', ports[1]);
  const connectedMs = await saidAtMs(second, /\] connected: /);
  const nodes = [first, second];
  const doneMs = await poolsHaveAtMs(nodes, poolBytes(end));
  const KB = switchboard.bytes / 1000;
  await checkEnd(first, poolBytes(pooled), pooled, end);
  await checkEnd(second, poolBytes(end - begin), 0, begin);
  return { KB, s: (doneMs - connectedMs) / 1000 };
}

/** @throws Error unless a file continues with exactly these transactions where it ended before */
async function checkEnd(node: NodeProcess, before: number, from: number, to: number) {
  const start = before - CLOSING.length;
  const file = await open(join(node.folder, 'transactions.json'));
  try {
    const length = (await poolSizeOf(node)) - start;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
    const added = buffer.toString().slice(0, -CLOSING.length).split(',\n').slice(1).sort();
    const lacked = Array.from({ length: to - from }, (_, place) => transactionText(from + place));
    if (added.join() !== lacked.sort().join()) {
      throw new Error(`${node.name} has got ${added.length} of ${lacked.length} transactions`);
    }
  } finally {
    await file.close();
  }
}
