/** What it takes to start a node, with an empty pool and with a large one. */

import { tmpdir } from 'node:os';
import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import { Program } from '../test/support/program.js';
import { type Figures, type Group, type Opened, OURS } from './experiment.js';
import { openInNetwork } from './in-network.js';
import { residentMegabytes, saidAtMs, secondsOf } from './observation.js';
import { copyPool, poolFile } from './pool-files.js';

const EMPTY = 'node-1';
const LARGE = 'node-2';

/** A node that starts with `pooled` transactions, and a process that parses the same file. */
export function startGroup(pooled: number): Group {
  const name = `start, ${pooled.toLocaleString('en')} pooled`;
  return [
    { name, system: OURS, open: () => openInNetwork((network) => prepare(network, pooled)) },
    { name, system: 'JSON.parse', open: () => openParser(pooled) },
  ];
}

async function prepare(network: Network, pooled: number): Promise<() => Promise<Figures>> {
  for (const name of [EMPTY, LARGE]) await network.addNode(name, await freePort(), []);
  await copyPool(0, pooled, network.path(LARGE, 'transactions.json'));
  return async () => {
    const empty = await start(network, EMPTY, 0);
    const large = await start(network, LARGE, pooled);
    return {
      s: large.seconds,
      'MB resident': large.megabytes,
      's with none': empty.seconds,
      'MB with none': empty.megabytes,
      'bytes/tx': ((large.megabytes - empty.megabytes) * 1e6) / pooled,
    };
  };
}

/** Measures from the start of a node's process until the node listens. */
async function start(network: Network, name: string, pooled: number) {
  const startedMs = performance.now();
  const node = network.launch(name, 0);
  try {
    const atMs = await saidAtMs(node, new RegExp(`\\] listening: .*, ${pooled} transactions `));
    return { seconds: (atMs - startedMs) / 1000, megabytes: await residentMegabytes(node) };
  } finally {
    await node.close();
  }
}

async function openParser(pooled: number): Promise<Opened> {
  const file = await poolFile(0, pooled);
  const parse = `JSON.parse(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8')).length`;
  const run = async (): Promise<Figures> => {
    let said = '';
    const s = await secondsOf(async () => {
      said = (await new Program(['-p', parse], tmpdir()).result()).stdout;
    });
    if (Number(said) !== pooled) throw new Error(`it has parsed ${said} transactions`);
    return { s };
  };
  return { run, close: async () => {} };
}
