/** Makes blocks as add-block.js does, without a process for each. */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { newBlock } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';
import { ROOT } from '../../lib/pool/merkle-tree.js';
import type { Block, BlockTransaction } from '../../lib/wire/block.js';
import { latestBlockFrame } from '../../lib/wire/block-messages.js';
import { type Data, type MessageType, parseMessage } from '../../lib/wire/messages.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { inOneLine } from '../../lib/wire/transaction.js';
import { ChainClient } from './chain-client.js';
import type { Named } from './program.js';

/** Gives a node a block of the oldest transactions in its pool, if there are any; it takes it well. */
export async function addBlock({ address }: Pick<Named, 'address'>): Promise<Block> {
  const client = await ChainClient.open(address);
  try {
    const tip = await client.latest();
    const tryNonces = newBlock(tip, await oldestIn(client), Date.now());
    // Random, so that two nodes of one chain do not get the same block.
    const block = tryNonces(randomInt(2 ** 32), Infinity) as Block;
    client.socket.send(latestBlockFrame(block.json), { binary: false });
    assert.equal((await client.latest()).hash, block.hash, `${address} did not take the block`);
    return block;
  } finally {
    client.close();
  }
}

async function oldestIn(client: ChainClient): Promise<BlockTransaction[]> {
  let page: Data<'KEYS'> = { keys: [], next: 0 };
  while (page.keys.length === 0 && page.next !== undefined) {
    const data = { nodes: [ROOT], from: page.next };
    page = await answer(client, reconciliationFrame({ type: 'GET_KEYS', data }), 'KEYS');
  }
  const keys = page.keys.slice(0, LIMITS.blockTransactions);
  if (keys.length === 0) return [];
  const request = reconciliationFrame({ type: 'GET_TRANSACTIONS', data: keys });
  const transactions = await answer(client, request, 'TRANSACTIONS');
  return transactions.map(({ key, json }) => ({ key, json: inOneLine(json) }));
}

async function answer<T extends MessageType>(
  client: ChainClient,
  frame: string,
  type: T,
): Promise<Data<T>> {
  const message = parseMessage(Buffer.from(await client.ask(frame)), true);
  assert.ok('type' in message && message.type === type, `${type} for an answer`);
  return message.data as Data<T>;
}
