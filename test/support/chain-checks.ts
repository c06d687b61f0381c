/** Looks at the chains and pools of nodes, with every rule in mind that these have to keep. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GENESIS, whyBadContent, whyNotNext } from '../../lib/chain/block.js';
import { sourceParts } from '../../lib/json-source.js';
import { type Block, parseBlock } from '../../lib/wire/block.js';
import type { Key } from '../../lib/wire/key.js';
import { until } from './helpers.js';
import type { AnyNetwork } from './network.js';
import type { RunningNode } from './program.js';

/** Reads the text of a blocks.json; throws if it breaks any rule that a chain has to keep. */
export function readChain(text: string): Block[] {
  const texts = sourceParts(text);
  const values: unknown[] = JSON.parse(text);
  return checkChain(values.map((value, i) => parseBlock(value, texts[i] as string)));
}

/** @param blocks undefined for what is no block */
export function checkChain(blocks: readonly (Block | undefined)[]): Block[] {
  assert.equal(blocks[0]?.json, GENESIS.json, 'a chain begins with the genesis');
  const chain = [GENESIS];
  const included = new Set<Key>();
  for (const [height, block] of blocks.entries()) {
    assert.ok(block, `block ${height} is no block`);
    if (height === 0) continue;
    const why =
      whyNotNext(block, chain.at(-1) as Block) ?? whyBadContent(block, (key) => included.has(key));
    assert.equal(why, undefined, `block ${height}`);
    for (const { key } of block.transactions) included.add(key);
    chain.push(block);
  }
  return chain;
}

/** The ids of all that is included in some blocks, in their order. */
export function includedIds(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ transactions }) =>
    transactions.map(({ json }) => String(JSON.parse(json).id)),
  );
}

export function chainFile({ folder }: RunningNode): string {
  return join(folder, 'blocks.json');
}

export async function chainOf(node: RunningNode): Promise<Block[]> {
  return readChain(await readFile(chainFile(node), 'utf8'));
}

/** Waits until these nodes have one chain, to the byte, with so many blocks behind the genesis. */
export async function untilOneChain(
  nodes: readonly RunningNode[],
  height: number,
  deadlineMs?: number,
): Promise<Block[]> {
  let texts: string[] = [];
  const heights = () => texts.map((text) => (text.match(/^\{/gm) ?? []).length - 1);
  await until(
    () => `one chain of ${height} blocks; there are ${heights().join(', ')}`,
    async () => {
      texts = await Promise.all(nodes.map((node) => readFile(chainFile(node), 'utf8')));
      return texts.every((text) => text === texts[0]) && heights()[0] === height;
    },
    deadlineMs,
  );
  return readChain(texts[0] as string);
}

/** Waits until these nodes have exactly these transactions in their pools, none of them twice. */
export async function untilPoolsAre(
  nodes: readonly RunningNode[],
  ids: readonly string[],
  deadlineMs?: number,
): Promise<void> {
  const expected = [...ids].sort().join();
  let pools: string[][] = [];
  await until(
    () => `pools of ${ids.length} transactions; they have ${pools.map((pool) => pool.length)}`,
    async () => {
      pools = await Promise.all(nodes.map(poolIds));
      return pools.every((pool) => pool.sort().join() === expected);
    },
    deadlineMs,
  );
}

/** In the order of the file. */
export async function poolIds(node: RunningNode): Promise<string[]> {
  return (await node.pool()).map(({ id }) => String(id));
}

/** Runs add-block.js against a node, which takes it well; returns the lines that it prints. */
export async function addByCommand(
  network: AnyNetwork,
  { name }: RunningNode,
  ...args: string[]
): Promise<string[]> {
  const { code, stdout, stderr } = await network.run(['add-block.js', '--node', name, ...args]);
  assert.deepEqual([code, stderr], [0, ''], stdout);
  return stdout.trimEnd().split('\n');
}
