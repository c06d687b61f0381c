/**
 * How long a new node takes to synchronise a long chain, compared with how long one process takes
 * to validate the same chain on its own disk.
 */

import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { copy, remove } from 'fs-extra/esm';
import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import { type NodeProcess, Program } from '../test/support/program.js';
import { chainMadeOnce } from './chain-file.js';
import { type Figures, type Group, type Opened, OURS } from './experiment.js';
import { openInNetwork } from './in-network.js';
import { residentMegabytes, saidAtMs } from './observation.js';

const TRANSACTIONS_PER_BLOCK = 10;
const VALIDATION = fileURLToPath(new URL('validation.js', import.meta.url));

/** A node that fetches a chain of so many blocks from another, and a process that validates it. */
export function chainGroup(blocks: number): Group {
  const name = `chain of ${blocks.toLocaleString('en')} blocks`;
  const chain = chainMadeOnce(blocks, TRANSACTIONS_PER_BLOCK);
  return [
    {
      name,
      system: OURS,
      open: () => openInNetwork(async (network) => prepare(network, await chain(), blocks)),
    },
    { name, system: 'validation alone', open: async () => openValidation(await chain(), blocks) },
  ];
}

async function prepare(network: Network, chain: string, blocks: number) {
  const port = await freePort();
  await network.addNode('node-1', port, []);
  await copy(chain, network.path('node-1/blocks.json'));
  const source = network.launch('node-1', port);
  await saidAtMs(source, /\] listening: /);
  return () => synchronise(network, source, blocks);
}

/** Measures from the connection of a new node until the chain is on its disk. */
async function synchronise(
  network: Network,
  source: NodeProcess,
  blocks: number,
): Promise<Figures> {
  const port = await freePort();
  await network.addNode('node-2', port, [source.address]);
  const node = network.launch('node-2', port);
  try {
    const [connectedMs, synchronisedMs] = await Promise.all([
      saidAtMs(node, /\] connected: /),
      saidAtMs(node, new RegExp(`\\] synchronised: blocks \\d+ to ${blocks},`)),
    ]);
    const [chain, its] = await Promise.all(
      [source, node].map(({ folder }) => readFile(`${folder}/blocks.json`, 'utf8')),
    );
    if (chain !== its) throw new Error('the two chains differ');
    const s = (synchronisedMs - connectedMs) / 1000;
    return { s, 'MB resident': await residentMegabytes(node) };
  } finally {
    await node.close();
    await remove(node.folder);
  }
}

async function openValidation(chain: string, blocks: number): Promise<Opened> {
  const run = async () => {
    const { stdout, stderr } = await new Program([VALIDATION, chain], tmpdir()).result();
    if (stdout === '') throw new Error(`the chain is not valid: ${stderr}`);
    const { height, seconds } = JSON.parse(stdout);
    if (height !== blocks) throw new Error(`${height} blocks have been validated`);
    return { s: Number(seconds) };
  };
  return { run, close: async () => {} };
}
