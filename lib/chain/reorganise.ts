/** Replaces a part of our chain by a fork that has more work. */

import { LIMITS } from '../limits.js';
import { type Pool, writeTransactions } from '../pool/pool.js';
import type { Key } from '../wire/key.js';
import type { Chain } from './chain.js';
import { type Fork, readBlock } from './fork.js';

/**
 * Takes a fork into our chain, in place of the blocks after the last common one. Interrupted at any
 * point, this leaves a valid chain and loses no transaction: first the transactions of the replaced
 * blocks return to the pool, and only when the new blocks are on disk do theirs leave it.
 *
 * @param fork with more work than our chain; all of it has been checked
 * @returns how many transactions are back in the pool
 * @throws Error when something cannot be read or written; what is left of our chain is valid
 */
export async function reorganise(chain: Chain, pool: Pool, fork: Fork): Promise<number> {
  // Only what is on disk can be read.
  await chain.saved();
  if (chain.height - fork.commonHeight > LIMITS.deepBlocks) await chain.keepCopy();
  const returned: Key[] = [];
  try {
    await returnToPool(chain, pool, fork, returned);
  } catch (error) {
    pool.remove(returned);
    throw error;
  }
  await chain.truncate(fork.commonHeight);
  for await (const blocks of fork.blocks()) {
    for (const block of blocks) chain.append(block);
    await chain.saved();
    pool.remove(blocks.flatMap((block) => block.transactions.map(({ key }) => key)));
  }
  return returned.filter((key) => pool.has(key)).length;
}

/**
 * Puts the transactions of our blocks back into the pool; also those that are in the new blocks,
 * because until these are on disk they would be nowhere.
 *
 * @param returned is filled with their keys
 */
async function returnToPool(chain: Chain, pool: Pool, fork: Fork, returned: Key[]): Promise<void> {
  // A transaction that has just left the pool and comes back must not be in its file twice.
  await pool.removed();
  for (let height = fork.commonHeight + 1; height <= chain.height; ) {
    const blocks = (await chain.read(height)).map(readBlock);
    const transactions = blocks
      .flatMap((block) => block.transactions)
      .filter(({ key }) => !pool.has(key));
    for (const { key } of transactions) returned.push(key);
    const pooled = transactions.map(({ key, json }) => {
      return { key, json, bytes: Buffer.byteLength(json) };
    });
    await writeTransactions(pool, pooled);
    height += blocks.length;
  }
}
