/** Partners that ask without end. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { keyOf } from '../../lib/wire/key.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { until } from '../support/helpers.js';
import { memoryOf } from '../support/load.js';
import { honest } from '../support/mesh-peer.js';
import { type Network, withNetwork } from '../support/network.js';
import { isUnharmedBy, startWith, texts } from '../support/partners.js';
import type { NodeProcess } from '../support/program.js';

/** How much more than a node at rest one may grow by that is asked without end. */
const MEMORY_BYTES = 100 * 1024 * 1024;

const key = () => randomBytes(12).toString('latin1');

/** Does something to a node, and checks that it is unharmed, and takes hardly more memory. */
async function keepsItsSize(
  network: Network,
  node: NodeProcess,
  pool: string[],
  harm: () => Promise<unknown>,
): Promise<void> {
  const control = await network.startNode('node-2');
  const nodes = [node, control];
  const before = nodes.map(memoryOf);
  await isUnharmedBy(node, pool, harm);
  const [grown, other] = nodes.map((each, i) => memoryOf(each) - (before[i] as number));
  const more = (grown as number) - (other as number);
  assert.ok(more < MEMORY_BYTES, `${more} more bytes of memory than a node at rest`);
  await control.end();
}

test('ten thousand requests without a pause cost little, whether the answers are read or not', () =>
  withNetwork(async (network) => {
    const pool = Array.from({ length: 2000 }, (_, i) => `ours ${i}`);
    for (const reads of [true, false]) {
      const { node, partner } = await startWith(network, honest(texts(...pool)), pool);
      const flooder = await partner.dial(node.address);
      let answers = 0;
      flooder.on('message', () => {
        answers += 1;
      });
      if (!reads) flooder.pause();
      const requests = [
        reconciliationFrame({
          type: 'GET_NODES',
          data: Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(3, '0')),
        }),
        reconciliationFrame({ type: 'GET_KEYS', data: { nodes: [''], from: 0 } }),
        reconciliationFrame({ type: 'GET_TRANSACTIONS', data: pool.slice(0, 1024).map(keyOf) }),
        reconciliationFrame({ type: 'OFFER_KEYS', data: [key()] }),
      ];
      await keepsItsSize(network, node, pool, async () => {
        for (let i = 0; i < 10_000; i++) flooder.send(requests[i % requests.length] as string);
        await sleep(500);
        assert.equal(flooder.readyState, WebSocket.OPEN);
      });
      await until('all to be sent', () => flooder.bufferedAmount === 0);
      assert.equal(answers > 0, reads);
      assert.ok(answers < 3000, `${answers} answers`);
      await node.end();
    }
  }));

test('no further answer is made for a partner that does not read, however large one is', () =>
  withNetwork(async (network) => {
    const pool = Array.from({ length: 1000 }, (_, i) => `ours ${i} ${'x'.repeat(200)}`);
    const { node, partner } = await startWith(network, honest(texts(...pool)), pool);
    const flooder = await partner.dial(node.address);
    flooder.pause();
    const request = reconciliationFrame({ type: 'GET_TRANSACTIONS', data: pool.map(keyOf) });
    await keepsItsSize(network, node, pool, async () => {
      for (let i = 0; i < 1200; i++) {
        flooder.send(request);
        await sleep(2);
      }
    });
  }));
