/** What nodes say to each other about their pools, and never to a plain peer. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { keyOf } from '../../lib/wire/key.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { manyFrame } from '../../lib/wire/transaction-messages.js';
import { connectTo, freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import type { AnyNetwork } from '../support/network.js';
import { startWith, texts } from '../support/partners.js';
import type { TrapServer } from '../support/trap-servers.js';

const isPooled = async (node: { pool(): Promise<Record<string, unknown>[]> }, id: string) =>
  (await node.pool()).some((each) => each.id === id);

/** All that a node may say to its peers about its pool: one message of each type. */
const meshFrames = [
  reconciliationFrame({ type: 'GET_NODES', data: [''] }),
  reconciliationFrame({ type: 'GET_KEYS', data: { nodes: [''], from: 0 } }),
  reconciliationFrame({ type: 'GET_TRANSACTIONS', data: [keyOf('first')] }),
  reconciliationFrame({ type: 'OFFER_KEYS', data: [keyOf('never seen')] }),
  reconciliationFrame({ type: 'NODES', data: [Buffer.alloc(128, 1)] }),
  reconciliationFrame({ type: 'KEYS', data: { keys: [keyOf('never seen')] } }),
  manyFrame('TRANSACTIONS', ['{"id":"smuggled"}']).toString(),
];

/** Waits until a node says again whom it is connected to, to those who can use it. */
async function untilAnnounced(network: AnyNetwork, known: string): Promise<MeshPeer> {
  const witness = network.keep(await MeshPeer.open(honest([])));
  await say(known, { type: 'HANDSHAKE', data: [witness.address] });
  await until('a HANDSHAKE, and another', () => witness.asked('HANDSHAKE') >= 2);
  return witness;
}

// The example in docs/protocol.md. The keys: printf '"red"' | sha256sum, and so on.
test('two pools are made equal by the frames that docs/protocol.md shows', () =>
  withHostedNodes(async (network) => {
    const partner = network.keep(await MeshPeer.open(honest(['{"id":"green"}', '{"id":"blue"}'])));
    const port = await freePort();
    await network.addNode('node-1', port, [partner.address]);
    await network.write('node-1/transactions.json', '[{"id":"red","amount":1.0}]');
    const node = await network.launch('node-1', port).listening();
    await until('an offer', () => partner.asked('OFFER_KEYS') > 0);
    partner.say('{"type":"GET_TRANSACTIONS","data":"S8knTYdYuGfowHGm"}');
    await until('an answer', () => partner.asked('TRANSACTIONS') > 0);

    const digests = Buffer.alloc(128);
    digests.write('4d212e054c02c9cd', 8 * 0x3, 'hex');
    digests.write('88029e16387365a9', 8 * 0x7, 'hex');
    assert.deepEqual(
      partner.spoken.filter((frame) => !frame.includes('HANDSHAKE')),
      [
        '→ {"type":"GET_NODES","data":[""]}',
        `← {"type":"NODES","data":["${digests.toString('base64')}"]}`,
        '→ {"type":"GET_KEYS","data":{"nodes":["3","7"],"from":0}}',
        '← {"type":"KEYS","data":{"keys":"fz6Ra/YoxQPKxfa6Oq4AT0SHh/zwbC1T"}}',
        '→ {"type":"GET_TRANSACTIONS","data":"fz6Ra/YoxQPKxfa6Oq4AT0SHh/zwbC1T"}',
        '← {"type":"TRANSACTIONS","data":[\n{"id":"green"},\n{"id":"blue"}\n]}',
        '→ {"type":"OFFER_KEYS","data":"S8knTYdYuGfowHGm"}',
        '← {"type":"GET_TRANSACTIONS","data":"S8knTYdYuGfowHGm"}',
        '→ {"type":"TRANSACTIONS","data":[\n{"id":"red","amount":1.0}\n]}',
      ],
    );
    await until('all to be on disk', async () => (await node.pool()).length === 3);
  }));

test('a plain client gets no answer, and causes no request, whatever it sends', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    await say(node.address, transactionMessage('first'));
    await until('the first', () => isPooled(node, 'first'));
    const client = await connectTo(node.address);
    const heard: string[] = [];
    client.on('message', (data) => heard.push(data.toString()));
    client.send(JSON.stringify({ type: 'HANDSHAKE', data: [peer.address] }));
    for (const frame of meshFrames) client.send(frame);
    // To one who does not know them, the names of our messages are free.
    for (const frame of meshFrames) {
      client.send(JSON.stringify({ type: JSON.parse(frame).type, data: 'of its own' }));
    }
    client.send(JSON.stringify(transactionMessage('second')));
    await until('the second', () => isPooled(node, 'second'));
    await untilAnnounced(network, node.address);
    assert.deepEqual(heard, []);
    assert.equal(client.readyState, client.OPEN);
    assert.ok(!node.stdout.includes('refused'), node.stdout);
    assert.equal((await node.pool()).length, 2);
    onlyPlainProtocolReached(peer);
    client.terminate();
  }));

test('a plain peer is sent one HANDSHAKE, and transactions, whoever else comes and goes', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    for (const frame of meshFrames) peer.callers[0]?.socket.send(frame);
    const other = await network.trap();
    await say(node.address, { type: 'HANDSHAKE', data: [other.address] });
    await until('a second peer', () => other.openCallers.length === 1);
    const witness = await untilAnnounced(network, node.address);
    const told = witness.asked('HANDSHAKE');
    await other.close();
    await until('news of its going', () => witness.asked('HANDSHAKE') > told);
    await say(node.address, transactionMessage('first'));
    await until('the transaction', () => peer.received('TRANSACTION').length === 1);
    await until('it to be on disk', () => isPooled(node, 'first'));
    onlyPlainProtocolReached(peer);
    assert.equal((await node.pool()).length, 1);
  }));

test('of two that dial each other the one with the larger mesh-id leaves it to the other to begin', () =>
  withHostedNodes(async (network) => {
    const smallest = '0'.repeat(32);
    const partner = network.keep(await MeshPeer.open(honest([]), smallest));
    const node = await network.startNode();
    await partner.dial(node.address);
    await say(node.address, { type: 'HANDSHAKE', data: [partner.address] });
    await until('a HANDSHAKE', () => partner.asked('HANDSHAKE') > 0);
    // With one that does not dial it, and came later, it begins after a while.
    const silent = network.keep(await MeshPeer.open(honest([]), smallest.replace('0', '1')));
    await say(node.address, { type: 'HANDSHAKE', data: [silent.address] });
    await until('a comparison', () => silent.asked('GET_NODES') > 0);
    assert.equal(partner.asked('GET_NODES'), 0);
  }));

test('a node that connects to many at once tells its peers in a few messages', () =>
  withHostedNodes(async (network) => {
    const witness = network.keep(await MeshPeer.open(honest([])));
    const node = await network.startNode('node-1', [witness.address]);
    await until('a HANDSHAKE, and another', () => witness.asked('HANDSHAKE') === 2);
    const traps = await Promise.all(Array.from({ length: 8 }, () => network.trap()));
    const startMs = performance.now();
    await say(node.address, { type: 'HANDSHAKE', data: traps.map(({ address }) => address) });
    await until('news of all', () => JSON.parse(witness.heard.at(-1) ?? '').data.length === 10);
    const tenths = Math.ceil((performance.now() - startMs) / 100);
    const told = witness.asked('HANDSHAKE') - 2;
    assert.ok(told <= tenths && told < 8, `${told} messages in ${tenths} tenths of a second`);
  }));

test('a node fetches what it is offered; when an offer is full, it compares instead', () =>
  withHostedNodes(async (network) => {
    const ids = Array.from({ length: LIMITS.keys + 100 }, (_, i) => `theirs ${i}`);
    let answer = honest([]);
    const { node, partner } = await startWith(network, (request) => answer(request));
    // By then the first comparison is over.
    await say(node.address, transactionMessage('ours'));
    await until('ours', () => isPooled(node, 'ours'));
    answer = honest(texts(...ids));
    const offer = (count: number) =>
      reconciliationFrame({ type: 'OFFER_KEYS', data: ids.slice(0, count).map(keyOf) });
    partner.say(offer(1));
    await until('the first of theirs', () => isPooled(node, 'theirs 0'));
    partner.say(offer(LIMITS.keys));
    await until('the others', async () => (await node.pool()).length === ids.length + 1);
    const requests = partner.heard
      .map((text) => JSON.parse(text).type)
      .filter((type) => type.startsWith('GET_'));
    assert.deepEqual(requests.slice(0, 3), ['GET_NODES', 'GET_TRANSACTIONS', 'GET_NODES']);
  }));

/** Once a HANDSHAKE on each connection, and beyond that, transactions in text frames. */
function onlyPlainProtocolReached(peer: TrapServer): void {
  for (const caller of peer.callers) {
    const types = caller.frames.map((frame) => JSON.parse(frame).type);
    assert.equal(types[0], 'HANDSHAKE');
    assert.ok(
      types.slice(1).every((type) => type === 'TRANSACTION'),
      types.join(),
    );
    assert.equal(caller.binaryFrames, 0);
  }
}
