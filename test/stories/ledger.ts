/** What a node holds, pool and chain together, as it is on disk. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import fs from 'fs-extra';
import { GENESIS, whyBadContent, whyNotNext } from '../../lib/chain/block.js';
import { type Block, type Header, parseBlock } from '../../lib/wire/block.js';
import { isJson } from '../support/helpers.js';
import type { NodeProcess } from '../support/program.js';

/** What a node has: the ids in its pool, those in its blocks, and these as they are on disk. */
export interface Ledger {
  readonly pooled: string[];
  readonly included: string[];
  readonly chain: string;
}

export async function ledgerOf(node: NodeProcess): Promise<Ledger> {
  const chain = await fs.readFile(join(node.folder, 'blocks.json'), 'utf8').catch(() => '[]');
  const idOf = ({ id }: { id?: unknown }) => String(id);
  const included = isJson(chain)
    ? JSON.parse(chain).flatMap((block: { transactions: object[] }) => block.transactions.map(idOf))
    : [];
  // What has just been cut off lacks its last line break.
  return { pooled: (await node.pool()).map(idOf), included, chain: chain.trimEnd() };
}

export function heightOf({ chain }: Ledger): number {
  return chain.split('\n').length - 3;
}

export function areAlike(values: readonly (string | number)[]): boolean {
  return values.every((value) => value === values[0]);
}

/** Checks every block; returns how many there are beside the genesis. */
export function checkChain(chain: string): number {
  const [genesis, ...blocks] = (JSON.parse(chain) as object[]).map((value) => {
    return parseBlock(value, JSON.stringify(value)) as Block;
  });
  assert.deepEqual(genesis, GENESIS);
  const included = new Set<string>();
  let parent: Header = GENESIS;
  for (const block of blocks) {
    const why = whyNotNext(block, parent) ?? whyBadContent(block, (key) => included.has(key));
    assert.equal(why, undefined, `block ${block.height}`);
    for (const { key } of block.transactions) included.add(key);
    parent = block;
  }
  return blocks.length;
}
