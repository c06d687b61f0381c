/** A client of a node whose disk is full, and then is not. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.js';
import { limitFileSize } from './disk.js';
import { freePort, isJson, makeTransaction, until } from './helpers.js';
import { withNetwork } from './network.js';

const FILE = 'node-1/transactions.json';

/**
 * A client sends some transactions to a node whose disk takes no more, or a part of them.
 *
 * @param text of the pool, with one transaction in it
 * @param room in bytes, for what comes
 */
export function waitForRoom(text: string, room: number): Promise<void> {
  return withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write(FILE, text);
    const node = await network.launch('node-1', port).listening();
    await limitFileSize(node, `${text.length + room}`);
    const client = await Client.open(node.address);
    const all = Array.from({ length: 100 }, (_, i) => makeTransaction(`t${i}`));
    client.send(...all);
    await until('a refusal', () => node.stdout.includes('not saved: '));
    const samples: string[] = [];
    const startMs = performance.now();
    // Longer than from one attempt to the next.
    await until('some attempts', async () => {
      let sample = await node.poolText();
      // In the middle of an attempt it may be torn, on a busy machine for a while.
      if (!isJson(sample)) {
        await sleep(100);
        sample = await node.poolText();
      }
      samples.push(sample);
      return performance.now() - startMs > 2500;
    });
    const whole = samples.filter(isJson);
    const [few, most] = [samples.length - whole.length, samples.length];
    assert.ok(few < most / 10, `${few} of ${most} were torn, such as ${samples.at(-1)}`);
    const soFar = client.receipts.length;
    assert.ok(soFar < 100);
    for (const sample of whole) assert.ok(JSON.parse(sample).length - 1 <= soFar);
    await limitFileSize(node, 'unlimited');
    const expected = all.map(({ id }) => ({ id, status: 'accepted' }));
    assert.deepEqual(await client.received(100), expected);
    assert.deepEqual(JSON.parse(await node.poolText()), [{ id: 'old' }, ...all]);
    client.socket.terminate();
  });
}
