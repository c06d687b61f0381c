/** What a client is told that asks what becomes of its transactions; and when, and who else. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ask, askStatus, Client, type Receipt } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import { waitForRoom } from '../support/full-disk.js';
import { connectTo, freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { type AnyNetwork, type Network, withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

const FILE = 'node-1/transactions.json';

test('a receipt comes when the transaction is on disk, one for each, in their order', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const unsaved: unknown[] = [];
    const client = await Client.open(node.address, ({ id }) => {
      if (!readFileSync(network.path(FILE), 'utf8').includes(`"id":"${id}"`)) unsaved.push(id);
    });
    const expected: Receipt[] = [];
    for (let i = 0; i < 300; i++) {
      const transaction = { ...makeTransaction(`t${i}`), pad: 'x'.repeat(500) };
      // The second one comes while the first is on its way to the disk.
      client.send(transaction);
      await new Promise(setImmediate);
      client.send(transaction);
      expected.push({ id: `t${i}`, status: 'accepted' }, { id: `t${i}`, status: 'known' });
    }
    assert.deepEqual(await client.received(expected.length), expected);
    assert.deepEqual(unsaved, []);
    assert.deepEqual(client.otherFrames, []);
    client.socket.terminate();
  }));

test('a receipt names the id of a transaction: its own, its hash, or that of its content', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const receipts = await ask(
      node.address,
      { id: 7 },
      { hash: 'h' },
      { id: '7', hash: 'h' },
      { a: 1 },
    );
    assert.deepEqual(
      receipts.slice(0, 3),
      [7, 'h', '7'].map((id) => ({ id, status: 'accepted' })),
    );
    const { id, status } = receipts[3] as Receipt;
    // echo -n '{"a":1}' | sha256sum
    const sha256 = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
    assert.deepEqual([id, status], [sha256, 'accepted']);
  }));

test('a client that is disconnected for three malformed transactions first gets all its receipts', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await Client.open(node.address);
    client.send({ id: 'a' }, null, { id: 'b' }, []);
    // So that the disk has little to do in the time that it has for the last ones.
    await client.received(4);
    client.send({ id: 'c' }, 'x', { id: 'too late' });
    assert.equal(await client.closed, 1008);
    assert.deepEqual(
      client.receipts.map(({ id, status }) => [id, status]),
      [
        ['a', 'accepted'],
        [null, 'rejected'],
        ['b', 'accepted'],
        [null, 'rejected'],
        ['c', 'accepted'],
        [null, 'rejected'],
      ],
    );
    assert.deepEqual(await node.pool(), [{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  }));

const meshId = '0123456789abcdef'.repeat(2);
for (const [what, headers] of [
  ['no headers', {}],
  ['the headers of a node', { 'mesh-version': '1', 'mesh-id': meshId }],
  ['nothing but a wish for receipts', { 'mesh-receipts': '1' }],
  ['another version', { 'mesh-version': '2', 'mesh-id': meshId, 'mesh-receipts': '1' }],
  ['another wish', { 'mesh-version': '1', 'mesh-id': meshId, 'mesh-receipts': 'yes' }],
] as const) {
  test(`a client with ${what} never gets a frame`, () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const socket = await connectTo(node.address, headers);
      const frames: string[] = [];
      socket.on('message', (data) => frames.push(data.toString()));
      for (const data of [{ id: 'a' }, { id: 'a' }, null]) {
        socket.send(JSON.stringify({ type: 'TRANSACTION', data }));
      }
      await until('the last of them', () => node.stdout.includes('refused: '));
      // A receipt for any of these would be on its way before this one's.
      assert.deepEqual(await askStatus(node.address, { id: 'b' }), ['accepted']);
      const pong = new Promise((done) => socket.once('pong', done));
      socket.ping();
      await pong;
      assert.deepEqual(frames, []);
      socket.terminate();
    }));
}

test(
  'receipts wait for a full disk, the file stays whole: room for half of what comes',
  ON_LINUX,
  () => waitForRoom('[\n{"id":"old"}\n]\n', 5000),
);

test(
  'a disk that refuses for long leads to rejections; what was taken before them is kept',
  ON_LINUX,
  () =>
    withNetwork(async (network) => {
      const { node, client } = await startWithoutDisk(network);
      const pad = 'x'.repeat(60_000);
      const ids = Array.from({ length: 1300 }, (_, i) => `t${i}`);
      client.send(...ids.map((id) => ({ id, pad })));
      // 64 MiB, and the one beyond it.
      const expected = Math.floor((64 * 2 ** 20) / 60_020) + 1;
      const refused = () =>
        [...node.stdout.matchAll(/refused: (\d+) transactions? \(the disk takes nothing more\)/g)]
          .map(([, count]) => Number(count))
          .reduce((sum, count) => sum + count, 0);
      // What comes when the disk is back would be taken.
      await until(
        () => `all others to be refused; ${refused()} are`,
        () => refused() >= ids.length - expected,
      );
      await limitFileSize(node, 'unlimited');
      const receipts = await client.received(ids.length);
      const accepted = receipts.filter(({ status }) => status === 'accepted').length;
      assert.equal(accepted, expected);
      const { reason } = receipts.at(-1) ?? {};
      assert.equal(reason, 'the disk takes nothing more');
      assert.deepEqual(
        (await node.pool()).map(({ id }) => id),
        ids.slice(0, accepted),
      );
      client.socket.terminate();
    }),
);

test('whatever a client sends at once gets its receipts, however far the disk is behind', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await Client.open(node.address);
    const pad = 'x'.repeat(60_000);
    client.send(...Array.from({ length: 1000 }, (_, id) => ({ id, pad })));
    const receipts = await client.received(1000);
    assert.ok(receipts.every(({ status }) => status === 'accepted'));
    client.socket.terminate();
  }));

test('a node that leaves gives the receipts for all that it has taken', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const client = await Client.open(node.address);
    let sent = 0;
    const pad = 'x'.repeat(5000);
    const flood = client.flood(() => ({ id: `t${sent++}`, pad }), 100);
    await client.received(100);
    assert.equal(await node.end('SIGINT'), 0);
    await flood;
    assert.equal(await client.closed, 1001);
    const pool = (await node.pool()).map(({ id }) => id);
    assert.deepEqual(
      client.receipts.map(({ id }) => id),
      pool,
    );
  }));

test(
  'a node whose disk refuses tells who is connected that it leaves, and says what is lost',
  ON_LINUX,
  () =>
    withNetwork(async (network) => {
      const { node, client } = await startWithoutDisk(network);
      client.send(makeTransaction('a'));
      await until('a refusal', () => node.stdout.includes('not saved: '));
      assert.equal(await node.end('SIGINT'), 1);
      assert.equal(await client.closed, 1001);
      assert.equal(node.stderr, 'Left before all was saved\n');
      assert.deepEqual(client.receipts, []);
    }),
);

test('add-transaction against a full pool says why it was rejected, and ends with 1', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    await startWith(network, port, 'MAX_POOL_BYTES=2000');
    for (const [count, fits, what] of [
      ['1', true, ''],
      ['100', false, String.raw`\d+ of 100 transactions`],
      ['1', false, 'transaction [0-9a-f]{64}'],
    ] as const) {
      const { code, stdout, stderr } = await network.run(['add-transaction.js', '--count', count]);
      const why = 'the pool is full, at MAX_POOL_BYTES=2000';
      const says = new RegExp(`^ws://localhost:${port} rejected ${what}: ${why}\n$`);
      assert.equal(code, fits ? 0 : 1);
      if (fits) assert.equal(stderr, '');
      else assert.match(stderr, says);
      assert.equal(stdout === '', !fits);
    }
  }));

test('add-transaction to a node that leaves counts no transaction that is not on disk', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const adding = network.start(['add-transaction.js', '--count', '100000000']);
    await until('a first transaction', async () => (await node.pool()).length > 0);
    assert.equal(await node.end('SIGINT'), 0);
    const { code, stderr } = await adding.result();
    const said = /^\S+ did not take all \(leaving\): (\d+) of 100000000 were accepted\n$/;
    const accepted = Number(said.exec(stderr)?.[1]);
    assert.ok(accepted > 0 && accepted <= (await node.pool()).length, stderr);
    assert.equal(code, 1);
  }));

/** Starts a node whose disk refuses everything, and a client of it. */
async function startWithoutDisk(network: Network): Promise<{ node: NodeProcess; client: Client }> {
  const node = await network.startNode();
  await limitFileSize(node, '3');
  return { node, client: await Client.open(node.address) };
}

async function startWith(network: AnyNetwork, port: number, setting: string): Promise<void> {
  await network.addNode('node-1', port, []);
  await network.write('node-1/.env', `PORT=${port}\n${setting}\n`);
  await network.launch('node-1', port).listening();
}
