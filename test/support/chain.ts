/** Chains of blocks for tests: made quickly, valid or not, and looked for in the file of a node. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIFFICULTY, GENESIS, merkleRootOf } from '../../lib/chain/block.js';
import { type Block, type BlockTransaction, type Header, toBlock } from '../../lib/wire/block.js';
import type { BlockName, Locator } from '../../lib/wire/block-messages.js';
import { freePort, until } from './helpers.js';
import { transactionFrom } from './mesh-peer.js';
import type { Network } from './network.js';
import { findNonce } from './nonces.js';
import type { RunningNode } from './program.js';

/** The genesis first. */
export type Chain = readonly Block[];

const WORKED = '0'.repeat(DIFFICULTY / 4);
/** The same timestamps in each run: what is found by trying is found at once the next time. */
const BLOCK_MS = 1000;
const trunk: Block[] = [GENESIS];

/** The first blocks, up to this height, of a chain of empty blocks that all tests share. */
export function trunkTo(height: number): Chain {
  while (trunk.length <= height) trunk.push(nextBlock(trunk));
  return trunk.slice(0, height + 1);
}

/**
 * Makes the block that follows on the last one of a chain.
 *
 * @param texts of the transactions in it
 * @param changes what its header says instead of what would be right, with the work for it done
 */
export function nextBlock(
  chain: Chain,
  texts: readonly string[] = [],
  changes: Partial<Omit<Header, 'nonce' | 'hash'>> = {},
): Block {
  const parent = tipOf(chain);
  const draft = {
    height: parent.height + 1,
    timestamp: parent.timestamp + BLOCK_MS,
    previousHash: parent.hash,
    merkleRoot: merkleRootOf(texts),
    ...changes,
  };
  return work(draft, texts.map(included), WORKED);
}

/** Finds a nonce by which a header gets a hash with this beginning. */
export function work(
  draft: Omit<Header, 'nonce' | 'hash'>,
  transactions: readonly BlockTransaction[],
  beginning: string,
): Block {
  return toBlock({ ...draft, ...findNonce(draft, beginning) }, transactions);
}

/** A chain with more blocks on top of it, each with one of these lists of transactions. */
export function grow(chain: Chain, ...contents: readonly (readonly string[])[]): Chain {
  const grown = [...chain];
  for (const texts of contents) grown.push(nextBlock(grown, texts));
  return grown;
}

/** A chain with so many more blocks, unlike any that are made with another mark. */
export function growBy(chain: Chain, count: number, mark: string): Chain {
  const first = chain.length;
  return grow(chain, ...Array.from({ length: count }, (_, i) => [text(`${mark} ${first + i}`)]));
}

/** The text of a transaction. Its amount is one that no JSON.stringify would leave as it is. */
export function text(id: string, pad = ''): string {
  return `{"id":${JSON.stringify(id)},"amount":1.0,"pad":"${pad}"}`;
}

export function tipOf(chain: Chain): Block {
  return chain.at(-1) as Block;
}

/** The blocks of a chain at these heights, the way a node names them. */
export function locatorOf(chain: Chain, ...heights: readonly number[]): Locator {
  return heights.map((height): BlockName => {
    const { hash } = chain[height] as Block;
    return { height, hash };
  });
}

/** What the blocks.json of a node is that has this chain. */
export function fileOf(chain: Chain): string {
  return `[\n${chain.map(({ json }) => json).join(',\n')}\n]\n`;
}

/** What the blocks.json of a node is. */
export function blocksFileOf({ folder }: RunningNode): Promise<string> {
  return readFile(join(folder, 'blocks.json'), 'utf8').catch(() => '');
}

/** The names of the files in the folder of a node that have to do with its chain. */
export async function blockFilesOf({ folder }: RunningNode): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('blocks.json'));
}

/** Waits until a node has this chain, byte for byte. */
export async function untilChainIs(
  node: RunningNode,
  chain: Chain,
  deadlineMs?: number,
): Promise<void> {
  const expected = fileOf(chain);
  let found = '';
  await until(
    () => `${node.name} to have ${chain.length} blocks, not ${found.split('\n').length - 3}`,
    async () => {
      found = await blocksFileOf(node);
      return found === expected;
    },
    deadlineMs,
  );
}

/** Makes and starts a node that has a chain, and the transactions with these texts in its pool. */
export async function startWithChain<N extends RunningNode>(
  network: Network<N>,
  chain: Chain,
  knownPeers: string[] = [],
  pool: readonly string[] = [],
  name = 'node-1',
): Promise<N> {
  const port = await freePort();
  await network.addNode(name, port, knownPeers);
  await network.write(`${name}/blocks.json`, fileOf(chain));
  await network.write(`${name}/transactions.json`, `[${pool.join()}]\n`);
  return network.launch(name, port).listening();
}

function included(json: string): BlockTransaction {
  return { key: transactionFrom(json).key, json };
}
