/** How often a transaction travels, and to whom. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { give, makeIds } from '../support/client.js';
import { connectTo, freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { untilPoolsHold } from '../support/mesh.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import { newSeed } from '../support/property.js';

test('in a full mesh of ten, each node is sent each transaction once', (t) =>
  withHostedNodes(async (network) => {
    const { nodes, switchboard } = await network.startBehindSwitchboard(10);
    const first = newSeed(t);
    const ids = makeIds('t', 1000);
    await Promise.all(
      nodes.map(({ address }, node) => {
        const some = ids.filter((_, number) => (first + number * 7) % nodes.length === node);
        return give(address, some);
      }),
    );
    await untilPoolsHold(nodes, ids);
    const copies = switchboard.transactionCopies;
    t.diagnostic(`${copies} copies`);
    assert.ok(copies >= 9 * 1000 && copies <= 1.1 * 9 * 1000, `${copies} copies`);
  }));

test('a peer that comes later is sent what comes over an older connection', () =>
  withHostedNodes(async (network) => {
    const [peer, latePort] = [await network.trap(), await freePort()];
    const node = await network.startNode('node-1', [peer.address, `ws://localhost:${latePort}`]);
    await until('a connection', () => peer.openCallers.length === 1);
    const client = await connectTo(node.address);
    client.send(JSON.stringify(transactionMessage('early')));
    await until('the early one', () => peer.received('TRANSACTION').length === 1);
    const late = await network.trap(latePort);
    await until('a connection to the late one', () => late.received('HANDSHAKE').length === 1);
    client.send(JSON.stringify(transactionMessage('later')));
    await until('the later one', () => late.received('TRANSACTION').length === 1);
    client.terminate();
  }));

test('a plain peer is told everything, though one of ours says that it has told it', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    const sender = network.keep(await MeshPeer.open(honest([])));
    await say(node.address, { type: 'HANDSHAKE', data: [sender.address] });
    await until('a connection', () => sender.asked('HANDSHAKE') > 0);
    const socket = await sender.dial(node.address);
    socket.send(handshakeFrame([sender.address, node.address, peer.address]));
    socket.send(JSON.stringify(transactionMessage('a')));
    await until('the transaction', () => peer.received('TRANSACTION').length === 1);
  }));

test('of what a peer says that it is connected to, the latest counts', () =>
  withHostedNodes(async (network) => {
    const neighbour = network.keep(await MeshPeer.open(honest([])));
    const sender = network.keep(await MeshPeer.open(honest([])));
    const node = await network.startNode('node-1', [neighbour.address, sender.address]);
    await until('two HANDSHAKEs each, and no third', () =>
      [neighbour, sender].every((peer) => peer.asked('HANDSHAKE') >= 2),
    );
    await sleep(500);
    const socket = await sender.dial(node.address);
    const told = async (id: string, addresses: string[]) => {
      socket.send(handshakeFrame(addresses));
      socket.send(JSON.stringify(transactionMessage(id)));
      await until('it in the pool', async () => (await node.poolText()).includes(`"${id}"`));
      await say(node.address, transactionMessage(`behind ${id}`));
      await until('the one behind it', () =>
        neighbour.heard.some((text) => text.includes(`"behind ${id}"`)),
      );
      return neighbour.heard.some((text) => text.includes(`"${id}"`));
    };
    const both = [sender.address, node.address];
    assert.equal(await told('alone', both), true);
    assert.equal(await told('together', [...both, neighbour.address]), false);
    assert.equal(await told('alone again', both), true);
  }));

test('what is fetched goes on to all but those whom its source is connected to', () =>
  withHostedNodes(async (network) => {
    const source = network.keep(await MeshPeer.open(honest(['{"id":"fetched"}'])));
    const neighbour = network.keep(await MeshPeer.open(honest([])));
    const other = network.keep(await MeshPeer.open(honest([])));
    const node = await network.startNode('node-1', [neighbour.address, other.address]);
    await until(
      'the sessions',
      () => neighbour.asked('GET_NODES') + other.asked('GET_NODES') === 2,
    );
    // What somebody else is connected to counts for nothing.
    const misbehaving = await connectTo(node.address);
    misbehaving.send(handshakeFrame(['ws://localhost:1', other.address]));
    await until('the lie', () => node.stdout.includes('handshake from: a plain peer'));
    const socket = await source.dial(node.address);
    socket.send(handshakeFrame([source.address, node.address, neighbour.address]));
    await until('it to go on', () => other.asked('TRANSACTION') === 1);
    await say(node.address, transactionMessage('from a client'));
    await until('another one', () => neighbour.asked('TRANSACTION') > 0);
    assert.deepEqual(
      neighbour.heard.filter((text) => text.includes('"fetched"')),
      [],
    );
    misbehaving.terminate();
  }));
