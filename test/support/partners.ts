/** A node, and the partner that it compares its pool with, which is the test. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { freePort, makeTransaction, say, transactionMessage, until } from './helpers.js';
import { type Answerer, MeshPeer } from './mesh-peer.js';
import type { Network } from './network.js';
import type { RunningNode } from './program.js';

/** The texts of transactions with these ids. */
export const texts = (...ids: string[]) => ids.map((id) => JSON.stringify(makeTransaction(id)));
/** A node with some transactions of its own, and a partner that it has begun to compare with. */
export async function startWith<N extends RunningNode>(
  network: Network<N>,
  answer: Answerer,
  pool: string[] = [],
): Promise<{ node: N; partner: MeshPeer }> {
  const partner = network.keep(await MeshPeer.open(answer));
  const port = await freePort();
  await network.addNode('node-1', port, [partner.address]);
  await network.write('node-1/transactions.json', `[${texts(...pool).join()}]`);
  const node = await network.launch('node-1', port).listening();
  await until('the node to compare', () => partner.asked('GET_NODES') > 0);
  return { node, partner };
}

/** Does something to a node, and makes sure that it goes on as if nothing were. */
export async function isUnharmedBy(
  node: RunningNode,
  pool: string[],
  harm: () => Promise<unknown>,
): Promise<void> {
  await harm();
  const id = randomBytes(8).toString('hex');
  await say(node.address, transactionMessage(id));
  const isThere = async () => (await node.pool()).some((each) => each.id === id);
  await until('the transaction of somebody honest', isThere);
  const ids = (await node.pool()).map((each) => String(each.id));
  assert.deepEqual(ids.sort(), [...pool, id].sort());
  assert.ok(node.isRunning);
}
