/** Receipts that nobody reads, and those that wait for a full disk. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askStatus, Client, give } from '../support/client.js';
import { ON_LINUX } from '../support/disk.js';
import { waitForRoom } from '../support/full-disk.js';
import { TEST_LIMIT_MS, within } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

test('a client that does not read its receipts is disconnected before they fill the memory', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    await give(node.address, ['a']);
    const client = await Client.open(node.address);
    client.socket.pause();
    // Some 25 MB of receipts: more than the system keeps on the way, and the bound.
    const frame = JSON.stringify({ type: 'TRANSACTION', data: { id: 'a', hash: 'a' } });
    for (let i = 0; i < 400_000; i++) client.socket.send(frame);
    assert.equal(await within(TEST_LIMIT_MS, client.closed), 1006);
    assert.deepEqual(await askStatus(node.address, { id: 'a' }), ['known']);
  }));

for (const [what, text] of [
  ['a pool as the node writes it', '[\n{"id":"old"}\n]\n'],
  ['a pool in one line', '[{"id":"old"}]'],
] as const) {
  test(`receipts wait for a full disk, the file stays whole: ${what}`, ON_LINUX, () =>
    waitForRoom(text, 0),
  );
}
