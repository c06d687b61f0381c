/** What it takes to start a node: with an empty pool, with a large one, and with a long chain. */

import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { copy } from 'fs-extra/esm';
import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import { NodeProcess, Program } from '../test/support/program.js';
import { statusOf } from '../test/support/status.js';
import { chainMadeOnce } from './chain-file.js';
import { type Figures, type Group, type Opened, OURS } from './experiment.js';
import { openInNetwork } from './in-network.js';
import { residentMegabytes, saidAtMs, secondsOf } from './observation.js';
import { copyPool, poolFile } from './pool-files.js';

const EMPTY = 'node-1';
const LARGE = 'node-2';
/** As many as fit into a block of 256 KiB, so that few proofs of work are needed. */
const TRANSACTIONS_PER_BLOCK = 1000;
const LAG = fileURLToPath(new URL('lag.js', import.meta.url));
const LONGEST_LAG = /^longest lag: (\S+) ms$/m;

/** A node that starts with `pooled` transactions, and a process that parses the same file. */
export function startGroup(pooled: number): Group {
  const name = `start, ${pooled.toLocaleString('en')} pooled`;
  return [
    { name, system: OURS, open: () => openInNetwork((network) => prepare(network, pooled)) },
    { name, system: 'JSON.parse', open: async () => parser(await poolFile(0, pooled), pooled) },
  ];
}

/** A node that starts with a chain of so many large blocks, and a process that parses the same file. */
export function chainStartGroup(blocks: number): Group {
  const transactions = blocks * TRANSACTIONS_PER_BLOCK;
  const name = `start, ${transactions.toLocaleString('en')} in the chain`;
  const chain = chainMadeOnce(blocks, TRANSACTIONS_PER_BLOCK);
  return [
    {
      name,
      system: OURS,
      open: () => openInNetwork(async (network) => prepareChain(network, await chain(), blocks)),
    },
    // The first block of all is in the file too.
    { name, system: 'JSON.parse', open: async () => parser(await chain(), blocks + 1) },
  ];
}

async function prepare(network: Network, pooled: number): Promise<() => Promise<Figures>> {
  const [emptyPort, largePort] = [await freePort(), await freePort()];
  await network.addNode(EMPTY, emptyPort, []);
  await network.addNode(LARGE, largePort, []);
  await copyPool(0, pooled, network.path(LARGE, 'transactions.json'));
  return async () => {
    const empty = await start(network, EMPTY, emptyPort, { pooled: 0, blocks: 0 });
    const large = await start(network, LARGE, largePort, { pooled, blocks: 0 });
    return {
      s: large.seconds,
      'MB resident': large.megabytes,
      'longest lag ms': large.longestLagMs,
      's with none': empty.seconds,
      'MB with none': empty.megabytes,
      'bytes/tx': ((large.megabytes - empty.megabytes) * 1e6) / pooled,
    };
  };
}

async function prepareChain(network: Network, chain: string, blocks: number) {
  const port = await freePort();
  await network.addNode(LARGE, port, []);
  await copy(chain, network.path(LARGE, 'blocks.json'));
  return async () => {
    const long = await start(network, LARGE, port, { pooled: 0, blocks });
    return { s: long.seconds, 'MB resident': long.megabytes, 'longest lag ms': long.longestLagMs };
  };
}

/** Measures from the start of a node's process until the node listens. */
async function start(
  network: Network,
  name: string,
  port: number,
  { pooled, blocks }: { readonly pooled: number; readonly blocks: number },
) {
  const folder = network.path(name);
  const startedMs = performance.now();
  const program = new Program(['--import', LAG, 'index.js'], folder);
  const node = network.keep(new NodeProcess(name, port, folder, program));
  try {
    const atMs = await saidAtMs(node, new RegExp(`\\] listening: .*, ${pooled} transactions `));
    const megabytes = await residentMegabytes(node);
    const { height } = (await statusOf(node)).chain;
    if (height !== blocks) throw new Error(`it has read ${height} blocks instead of ${blocks}`);
    await node.end('SIGTERM');
    const longestLagMs = Number(LONGEST_LAG.exec(node.stderr)?.[1]);
    return { seconds: (atMs - startedMs) / 1000, megabytes, longestLagMs };
  } finally {
    await node.close();
  }
}

/** Parses a file that holds an array of so many elements. */
function parser(file: string, elements: number): Opened {
  const parse = `JSON.parse(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8')).length`;
  const run = async (): Promise<Figures> => {
    let said = '';
    const s = await secondsOf(async () => {
      said = (await new Program(['-p', parse], tmpdir()).result()).stdout;
    });
    if (Number(said) !== elements) throw new Error(`it has parsed ${said} elements`);
    return { s };
  };
  return { run, close: async () => {} };
}
