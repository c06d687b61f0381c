/** Swaps a part of our chain for a branch that has more work. */

import { type Branch, readBlock } from './branch.js';
import type { Chain } from './chain.js';
import { LIMITS } from './config.js';
import type { Key } from './key-set.js';
import {
  hasTransaction,
  removedTransactions,
  removeTransactions,
  writeTransactions,
} from './transactions.js';

/**
 * Takes a branch into our chain, in place of what follows the fork. Broken off at any point, it leaves
 * a chain that is valid, and no transaction lost: first those of the blocks that go are put back into
 * the pool, and only when the new blocks are on disk do theirs leave it.
 *
 * @param branch with more work than our chain; all of it is checked
 * @returns how many transactions are back in the pool
 * @throws Error when there is something that cannot be read, or kept; what is left of our chain is valid
 */
export async function reorganise(chain: Chain, branch: Branch): Promise<number> {
  // What is not on disk cannot be read.
  await chain.saved();
  if (chain.height - branch.fork > LIMITS.deepBlocks) await chain.keepCopy();
  const returned: Key[] = [];
  try {
    await returnToPool(chain, branch, returned);
  } catch (error) {
    removeTransactions(returned);
    throw error;
  }
  await chain.truncate(branch.fork);
  for await (const blocks of branch.blocks()) {
    for (const block of blocks) chain.append(block);
    await chain.saved();
    removeTransactions(blocks.flatMap((block) => block.transactions.map(({ key }) => key)));
  }
  return returned.filter(hasTransaction).length;
}

/**
 * Puts the transactions of our blocks back into the pool: also those that are in the new blocks, for
 * until these are on disk they would be nowhere.
 *
 * @param returned is filled with their keys
 */
async function returnToPool(chain: Chain, branch: Branch, returned: Key[]): Promise<void> {
  // Lest it be in the file twice, what has just left the pool and comes back.
  await removedTransactions();
  for (let height = branch.fork + 1; height <= chain.height; ) {
    const blocks = (await chain.read(height)).map(readBlock);
    const transactions = blocks
      .flatMap((block) => block.transactions)
      .filter(({ key }) => !hasTransaction(key));
    for (const { key } of transactions) returned.push(key);
    await writeTransactions(
      transactions.map(({ key, json }) => ({ key, json, bytes: Buffer.byteLength(json) })),
    );
    height += blocks.length;
  }
}
