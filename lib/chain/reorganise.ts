/** Reorganisation: replaces a part of our chain by a fork with more work. */

import { LIMITS } from '../limits.js';
import { type Pool, writeTransactions } from '../pool/pool.js';
import type { Key } from '../wire/key.js';
import type { Chain } from './chain.js';
import { type Fork, readStoredBlock } from './fork.js';

/**
 * Replaces the blocks after the last common one by those of a fork. A kill at any point leaves a
 * valid chain and loses no transaction: first the transactions of the replaced blocks return to the
 * pool; those of the new blocks leave it only when these blocks are on disk.
 *
 * @param fork with more work than our chain; all of it has been checked
 * @returns how many transactions are back in the pool
 * @throws Error if something cannot be read or written; the rest of our chain is then valid
 */
export async function reorganise(chain: Chain, pool: Pool, fork: Fork): Promise<number> {
  // Blocks can only be read from the disk.
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
 * Puts the transactions of the replaced blocks back into the pool. This includes those that are
 * also in the new blocks: until these are on disk, they would be nowhere else.
 *
 * @param returned is filled with the keys
 */
async function returnToPool(chain: Chain, pool: Pool, fork: Fork, returned: Key[]): Promise<void> {
  // A transaction that has just left the pool must not be in its file twice when it comes back.
  await pool.removed();
  for (let height = fork.commonHeight + 1; height <= chain.height; ) {
    const blocks = (await chain.read(height)).map(readStoredBlock);
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
