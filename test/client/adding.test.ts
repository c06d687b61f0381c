/** A program gives transactions to a node: each counts once, and its receipt says what became of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, NoReceiptError } from '../../lib/client/index.js';
import { LIMITS } from '../../lib/limits.js';
import { makeIds } from '../support/client.js';
import { FakeNode, sendReceipt, withFakeAnswers } from '../support/fake-node.js';
import { freePort, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';
import { PlainPeer } from '../support/plain-peer.js';
import { MuteServers } from '../support/trap-servers.js';

const PAYMENT = { fromAddress: 'alice', toAddress: 'bob', amount: 1 };

/** Runs a check with a client of something that passes for a node. */
const withClient = (check: Parameters<typeof withFakeAnswers>[1], patienceMs?: number) =>
  withFakeAnswers(() => {}, check, patienceMs);

test('a receipt says that a transaction is accepted, known, or rejected and why', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write('node-1/.env', `PORT=${port}\nMAX_POOL_BYTES=2000\n`);
    const node = await network.launch('node-1', port).listening();
    const client = await connect(node.address);
    assert.deepEqual(await client.add({ id: 'a', ...PAYMENT }), { status: 'accepted', id: 'a' });
    assert.deepEqual(await client.add({ id: 'a', ...PAYMENT }), { status: 'known', id: 'a' });
    const receipt = await client.add({ id: 5, text: 'x'.repeat(2000) });
    assert.equal(receipt.status, 'rejected');
    assert.match(receipt.status === 'rejected' ? receipt.reason : '', /pool/);
    assert.equal(receipt.id, 5);
    assert.deepEqual(await node.pool(), [{ id: 'a', ...PAYMENT }]);
    await client.close();
    await assert.rejects(client.add({ id: 'late' }), /closed/);
  }));

test('a transaction without id and hash gets both, another one stays as it is', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await connect(node.address);
    const [first, second] = await Promise.all([client.add(PAYMENT), client.add(PAYMENT)]);
    assert.match(`${first.id} ${second.id}`, /^([0-9a-f]{64}) (?!\1)[0-9a-f]{64}$/);
    assert.equal((await client.add({ id: null, hash: 'h', amount: 2 })).id, 'h');
    assert.match(`${(await client.add({})).id}`, /^[0-9a-f]{64}$/);
    const [one, , third, empty] = await node.pool();
    assert.deepEqual(one, { id: first.id, ...PAYMENT, hash: first.id });
    assert.deepEqual(third, { id: null, hash: 'h', amount: 2 });
    assert.deepEqual(Object.keys(empty ?? {}), ['id', 'hash']);
    await client.close();
  }));

test('what is no transaction is an error at once, and costs the others nothing', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await connect(node.address);
    const long = { id: 'long', text: 'x'.repeat(LIMITS.transactionBytes) };
    await assert.rejects(client.add(long), { name: 'RangeError', message: /65536 bytes/ });
    let deep: object = {};
    for (let level = 0; level < LIMITS.transactionLevels; level++) deep = { deep };
    for (const unfit of [{ id: '' }, { id: {} }, { id: 'x', deep }, [], 'text', null, () => {}]) {
      await assert.rejects(client.add(unfit as object), { name: 'TypeError' });
    }
    await assert.rejects(client.add({ id: 'x', amount: 1n }), { name: 'TypeError' });
    assert.equal((await client.add({ id: 'y' })).status, 'accepted');
    assert.equal((await client.status()).transactions.rejected, 0);
    await client.close();
  }));

test('of thousands at once, some large, each gets its own receipt', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await connect(node.address);
    const ids = makeIds('many ', 4000);
    const some = ids.map((id, i) => ({ id, text: 'x'.repeat(i % 100 === 0 ? 50_000 : 10) }));
    const receipts = await Promise.all(some.map((each) => client.add(each)));
    assert.deepEqual(
      receipts,
      ids.map((id) => ({ status: 'accepted', id })),
    );
    assert.deepEqual(
      (await node.pool()).map(({ id }) => id),
      ids,
    );
    await client.close();
  }));

test('a node that is killed and started again gets what has no receipt, and has each once', () =>
  withNetwork(async (network) => {
    let node = await network.startNode();
    const client = await connect(node.address);
    const added: string[] = [];
    let isOver = false;
    const add = async (prefix: string) => {
      for (let number = 0; !isOver; number++) {
        const id = `${prefix} ${number}`;
        assert.match((await client.add({ id })).status, /^(accepted|known)$/);
        added.push(id);
      }
    };
    const adding = Promise.all(makeIds('worker ', 40).map(add));
    for (let kills = 0; kills < 2; kills++) {
      const before = added.length;
      await until('some receipts', () => added.length > before + 100);
      await node.end('SIGKILL');
      node = await network.restart(node);
    }
    const before = added.length;
    await until('more receipts', () => added.length > before + 100);
    isOver = true;
    await adding;
    assert.deepEqual((await node.pool()).map(({ id }) => id).sort(), added.sort());
    await client.close();
  }));

test('a node that ends a silent connection is dialled again for the next transaction', () =>
  withClient(async (client, fake) => {
    fake.onTransaction = (socket, id) => sendReceipt(socket, id);
    fake.clients[0]?.close(1013);
    await until('the end', () => fake.clients.length === 0);
    assert.equal((await client.add({ id: 'a' })).status, 'accepted');
    assert.equal(fake.taken.length, 2);
  }));

test('what was sent before a connection broke is sent again, in order, but for what was answered', () =>
  withClient(async (client, fake) => {
    fake.onTransaction = (socket, id, connection) => {
      if (connection > 0 || id === 'a') sendReceipt(socket, id);
      else if (id === 'c') socket.terminate();
    };
    const receipts = await Promise.all(['a', 'b', 'c', 'd'].map((id) => client.add({ id })));
    assert.deepEqual(
      receipts.map(({ id }) => id),
      ['a', 'b', 'c', 'd'],
    );
    const again = fake.taken[1]?.map(({ id }) => id);
    assert.deepEqual(again, ['b', 'c', 'd']);
  }));

test('a node that gives no receipt in time is an error with the transaction, which may be added again', () =>
  withClient(async (client, fake) => {
    const error = await client.add(PAYMENT).catch((reason) => reason);
    assert.ok(error instanceof NoReceiptError);
    assert.match(error.message, /^ws:\S+ has given no receipt for 0\.5 s$/);
    const { id } = error.transaction;
    assert.deepEqual(error.transaction, { id, ...PAYMENT, hash: id });
    assert.deepEqual(fake.taken[0], [error.transaction]);
    fake.onTransaction = (socket, got) => sendReceipt(socket, got, { status: 'known' });
    assert.deepEqual(await client.add(error.transaction), { status: 'known', id });
  }, 500));

test('a node that ends each connection is not dialled without a pause, and the error says what it did', () =>
  withClient(async (client, fake) => {
    fake.onTransaction = (socket) => socket.close(1008);
    await assert.rejects(client.add({ id: 'a' }), /no receipt for 2 s \(closed with code 1008\)/);
    assert.ok(fake.taken.length >= 2 && fake.taken.length <= 6, `${fake.taken.length} dials`);
  }, 2000));

test('a node that stays away is an error, of which the program is told before', async () => {
  const fake = await FakeNode.open();
  const lost: string[] = [];
  const onLost = ({ message }: Error) => lost.push(message);
  const client = await connect(fake.address, { patienceMs: 2500, onLost });
  await fake.close();
  await assert.rejects(client.add({ id: 'a' }), /no receipt for 2\.5 s \(No node is listening/);
  assert.equal(lost.length, 1);
  await client.close();
});

test('a receipt for what was not sent is an error that says so', () =>
  withClient(async (client, fake) => {
    const unfit = /answers with|gives a receipt for what it was not sent/;
    fake.onTransaction = (socket) => sendReceipt(socket, 'another');
    await assert.rejects(client.add({ id: 'a' }), unfit);
    fake.onTransaction = (socket, id) => {
      for (let times = 0; times < 3; times++) sendReceipt(socket, id);
    };
    assert.equal((await client.add({ id: 'b' })).status, 'accepted');
    // Whatever else it says means nothing, before and after it is asked.
    fake.onTransaction = (socket, id) => {
      for (const text of ['', '[]', '{"type":"RECEIPT"}', 'x'.repeat(1000)]) socket.send(text);
      sendReceipt(socket, id, { status: 'rejected', reason: `\u001b[2J${'x'.repeat(1000)}` });
    };
    const receipt = await client.add({ id: 'c' });
    assert.match(receipt.status === 'rejected' ? receipt.reason : '', /^\?\[2Jx{250,300}…$/);
  }));

test('close ends the connection, and what waits gets an error', async () => {
  const fake = await FakeNode.open();
  const client = await connect(fake.address);
  const waiting = assert.rejects(client.add({ id: 'a' }), /the client was closed before/);
  await until('it on its way', () => fake.taken[0]?.length === 1);
  await client.close();
  await waiting;
  assert.equal(fake.clients.length, 0);
  await fake.close();
});

test('connect says what is wrong: no address, nobody there, silence, or a node of another kind', async () => {
  for (const text of ['localhost:4001', 'http://localhost:4001', 'ws://a/b', '']) {
    await assert.rejects(connect(text), { name: 'TypeError', message: /is not an address/ });
  }
  await assert.rejects(connect('ws://localhost:1', { patienceMs: 0 }), { name: 'RangeError' });
  const nobody = `ws://localhost:${await freePort()}`;
  await assert.rejects(connect(nobody), { name: 'NodeError', message: /No node is listening on/ });
  const mute = await MuteServers.open(1);
  const silent = connect(mute.addresses[0] as string, { patienceMs: 500 });
  await assert.rejects(silent, /is not reached: .*timed out/);
  mute.close();
  const plain = await PlainPeer.join([]);
  await assert.rejects(connect(plain.address), /gives no receipts: it is a node of another kind/);
  plain.close();
});
