import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../node-1/key-set.js';
import { meshFrame } from '../node-1/mesh-messages.js';
import { transactionsFrame } from '../node-1/messages.js';
import type { Request } from '../node-1/reconcile.js';
import { connectTo, freePort, say, transactionMessage, until } from './helpers.js';
import { honest, MeshPeer } from './mesh-peer.js';
import { type Network, withNetwork } from './network.js';
import type { Trap } from './traps.js';

const isPooled = async (node: { pool(): Promise<Record<string, unknown>[]> }, id: string) =>
  (await node.pool()).some((each) => each.id === id);

/** All that a node may say to its peers about its pool: one message of each type. */
const meshFrames = [
  meshFrame({ type: 'GET_NODES', data: [''] }),
  meshFrame({ type: 'GET_KEYS', data: { nodes: [''], from: 0 } }),
  meshFrame({ type: 'GET_TRANSACTIONS', data: [keyOf('first')] }),
  meshFrame({ type: 'OFFER_KEYS', data: [keyOf('never seen')] }),
  meshFrame({ type: 'NODES', data: [Buffer.alloc(128, 1)] }),
  meshFrame({ type: 'KEYS', data: { keys: [keyOf('never seen')] } }),
  transactionsFrame([Buffer.from('{"id":"smuggled"}')]),
];

/** Waits until a node says again whom it is connected to, to those who can use it. */
async function untilAnnounced(network: Network, known: string): Promise<MeshPeer> {
  const witness = network.keep(await MeshPeer.open(honest([])));
  await say(known, { type: 'HANDSHAKE', data: [witness.address] });
  await until('a HANDSHAKE, and another', () => witness.asked('HANDSHAKE') >= 2);
  return witness;
}

// The example in PROTOCOL.md. The keys: printf '"red"' | sha256sum, and so on.
test('two pools are made equal by the frames that PROTOCOL.md shows', () =>
  withNetwork(async (network) => {
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
        '← {"type":"TRANSACTIONS","data":[{"id":"green"},{"id":"blue"}]}',
        '→ {"type":"OFFER_KEYS","data":"S8knTYdYuGfowHGm"}',
        '← {"type":"GET_TRANSACTIONS","data":"S8knTYdYuGfowHGm"}',
        '→ {"type":"TRANSACTIONS","data":[{"id":"red","amount":1.0}]}',
      ],
    );
    await until('all to be on disk', async () => (await node.pool()).length === 3);
  }));

test('a node answers one that recognises it, each request on the connection it came over', () =>
  withNetwork(async (network) => {
    const answer = honest(['{"id":"first"}']);
    const partner = network.keep(await MeshPeer.open(answer));
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write('node-1/transactions.json', '[{"id":"first"}]');
    const node = await network.launch('node-1', port).listening();
    const socket = await partner.dial(node.address);
    const answers: string[] = [];
    socket.on('message', (data) => answers.push(data.toString()));
    const requests: Request[] = [
      { type: 'GET_NODES', data: ['', '0', 'fff'] },
      { type: 'GET_KEYS', data: { nodes: [''], from: 0 } },
      { type: 'GET_KEYS', data: { nodes: [''], from: 7 } },
      { type: 'GET_TRANSACTIONS', data: [keyOf('first'), keyOf('never seen')] },
    ];
    for (const [index, request] of requests.entries()) {
      socket.send(meshFrame(request));
      await until('an answer', () => answers.length > index);
      assert.equal(answers[index], answer(request));
    }
  }));

test('a plain client gets no answer, and causes no request, whatever it sends', () =>
  withNetwork(async (network) => {
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
  withNetwork(async (network) => {
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

/** Once a HANDSHAKE on each connection, and beyond that, transactions in text frames. */
function onlyPlainProtocolReached(peer: Trap): void {
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
