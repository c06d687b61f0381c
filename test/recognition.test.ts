import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import {
  connectedAddressesOf,
  connectTo,
  Forwarder,
  say,
  transactionMessage,
  until,
  withNetwork,
} from './helpers.js';

/** The headers that a node answers an upgrade with. */
async function answerOf(address: string): Promise<Record<string, unknown>> {
  const socket = new WebSocket(address);
  const headers = await new Promise<Record<string, unknown>>((done, fail) => {
    socket.once('upgrade', (response) => done(response.headers)).once('error', fail);
  });
  socket.terminate();
  return headers;
}

test('a node announces itself in the upgrade, asking and answering, anew at each start', () =>
  withNetwork(async (network) => {
    const peer = await network.trap();
    let node = await network.startNode('node-1', [peer.address]);
    await until('a dial', () => peer.callers.length > 0);
    const asked = peer.callers[0]?.headers ?? {};
    const answered = await answerOf(node.address);
    for (const headers of [asked, answered]) {
      assert.equal(headers['mesh-version'], '1');
      assert.match(String(headers['mesh-id']), /^[0-9a-f]{32}$/);
      assert.equal(headers['mesh-address'], node.address);
    }
    assert.equal(asked['mesh-id'], answered['mesh-id']);

    await node.end();
    node = await network.launch(node.name, node.port).listening();
    assert.notEqual((await answerOf(node.address))['mesh-id'], asked['mesh-id']);
  }));

test('two names for one node lead to one connection, and either name serves again later', () =>
  withNetwork(async (network) => {
    const [node, other] = [await network.startNode(), await network.startNode('node-2')];
    const alias = network.keep(await Forwarder.open(other.port));
    await say(node.address, { type: 'HANDSHAKE', data: [alias.address] });
    await until('a connection under the first name', async () =>
      (await connectedAddressesOf(node)).includes(alias.address),
    );
    await say(node.address, { type: 'HANDSHAKE', data: [other.address] });
    await until('the second name to be seen through', () =>
      node.stdout.includes(`${other.address} is the same node as ${alias.address}`),
    );
    assert.deepEqual(await connectedAddressesOf(node), [alias.address]);

    await alias.close();
    await until('a connection under the second name', async () =>
      (await connectedAddressesOf(node)).includes(other.address),
    );
  }));

test('a client that claims the address of one of our nodes does not cut that node off', () =>
  withNetwork(async (network) => {
    const [one, two] = await network.startMesh(2);
    assert.ok(one !== undefined && two !== undefined);
    const claim = { 'mesh-version': '1', 'mesh-id': 'f'.repeat(32), 'mesh-address': two.address };
    for (const [id, headers] of Object.entries({ plain: {}, recognised: claim })) {
      const liar = await connectTo(one.address, headers);
      liar.send(JSON.stringify({ type: 'HANDSHAKE', data: [two.address] }));
      liar.send(JSON.stringify(transactionMessage(id)));
      await until(`node-2 to get what the ${id} liar sent`, async () =>
        (await two.pool()).some((transaction) => transaction.id === id),
      );
      liar.terminate();
    }
  }));
