import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { connectTo, freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from '../support/hosted.js';
import { peersOf } from '../support/mesh.js';
import { type AnyNetwork, withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';
import { Forwarder } from '../support/trap-servers.js';

/** The headers that a node answers an upgrade with. */
async function answerOf(address: string): Promise<Record<string, unknown>> {
  const socket = new WebSocket(address);
  const headers = await new Promise<Record<string, unknown>>((done, fail) => {
    socket.once('upgrade', (response) => done(response.headers)).once('error', fail);
  });
  socket.terminate();
  return headers;
}

/** A server that answers each upgrade with an announcement, and says nothing more. */
async function serveAs(
  network: AnyNetwork,
  port: number,
  identity: Record<string, string>,
): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  server.on('headers', (headers) => {
    headers.push('mesh-version: 1');
    for (const [name, value] of Object.entries(identity)) headers.push(`${name}: ${value}`);
  });
  network.keep({
    close: () => {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  });
  await new Promise((done) => server.once('listening', done));
  return server;
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
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const port = await freePort();
    const own = `ws://localhost:${port}`;
    await serveAs(network, port, { 'mesh-id': 'a'.repeat(32), 'mesh-address': own });
    const first = network.keep(await Forwarder.open(port));
    const second = network.keep(await Forwarder.open(port));
    const becomesTheOnlyName = (address: string) =>
      until(`a connection to ${address} alone`, async () => {
        const connected = await peersOf(node);
        return connected.length === 1 && connected[0] === address;
      });

    await say(node.address, { type: 'HANDSHAKE', data: [first.address] });
    await becomesTheOnlyName(first.address);
    await say(node.address, { type: 'HANDSHAKE', data: [second.address] });
    await until('the second name to be seen through', () =>
      node.stdout.includes(`${second.address} is the same node as ${first.address}`),
    );
    await becomesTheOnlyName(first.address);
    await first.close();
    await becomesTheOnlyName(second.address);

    await say(node.address, { type: 'HANDSHAKE', data: [own] });
    await becomesTheOnlyName(own);
  }));

test('a client that claims the address of one of our nodes does not cut that node off', () =>
  withHostedNodes(async (network) => {
    const [one, two] = await network.startMesh(2);
    assert.ok(one !== undefined && two !== undefined);
    const claim = { 'mesh-version': '1', 'mesh-id': 'f'.repeat(32), 'mesh-address': two.address };
    for (const [id, headers] of Object.entries({ plain: {}, recognised: claim })) {
      const misbehaving = await connectTo(one.address, headers);
      misbehaving.send(JSON.stringify({ type: 'HANDSHAKE', data: [two.address] }));
      misbehaving.send(JSON.stringify(transactionMessage(id)));
      await until(`node-2 to get what the ${id} misbehaving sent`, async () =>
        (await two.pool()).some((transaction) => transaction.id === id),
      );
      misbehaving.terminate();
    }
  }));

test('a server that copies what a node says of itself does not take its place', () =>
  withHostedBesideOne(async (network) => {
    const two = await network.startNode('node-2');
    const meshId = String((await answerOf(two.address))['mesh-id']);
    const [port, otherPort] = [await freePort(), await freePort()];
    for (const [copierPort, claimed] of [
      [port, two.address],
      [otherPort, `ws://localhost:${otherPort}`],
    ] as const) {
      const one = (await network.startNode()) as NodeProcess;
      const copied = { 'mesh-id': meshId, 'mesh-address': claimed };
      const copier = await serveAs(network, copierPort, copied);
      const copierAddress = `ws://localhost:${copierPort}`;
      await say(one.address, { type: 'HANDSHAKE', data: [copierAddress] });
      await until('a connection to the copier', () => copier.clients.size > 0);
      await say(one.address, { type: 'HANDSHAKE', data: [two.address] });
      // One that claims another address is taken for another node.
      const expected = claimed === two.address ? [two.address] : [copierAddress, two.address];
      await until('a connection to the real one', async () => {
        const connected = await peersOf(one);
        return connected.sort().join() === expected.sort().join();
      });
      await say(one.address, transactionMessage(claimed));
      await until('the real one to get it', async () =>
        (await two.pool()).some(({ id }) => id === claimed),
      );
      await one.end();
    }
  }));

test('clocks that differ by more than blocks allow are told of, of whichever one it may be', () =>
  withHostedNodes(async (network) => {
    const hour = 3_600_000;
    const cases = [
      [3 * hour, /3\.0 hours ahead of ours: if it is right, ours is behind, /],
      [-2.5 * hour, /2\.5 hours behind ours: if it is right, ours is ahead, /],
      [1.9 * hour, undefined],
    ] as const;
    const addresses: string[] = [];
    for (const [index, [aheadMs]] of cases.entries()) {
      const port = await freePort();
      const address = `ws://localhost:${port}`;
      addresses.push(address);
      await serveAs(network, port, {
        'mesh-id': String(index).repeat(32),
        'mesh-address': address,
        date: new Date(Date.now() + aheadMs).toUTCString(),
      });
    }
    const node = await network.startNode('node-1', addresses);
    await until('all to be connected', () => node.stdout.includes(', 3 peers now'));
    // A line comes after that of its connection.
    await say(node.address, transactionMessage('later'));
    await until('what comes later', async () => (await node.pool()).length === 1);
    for (const [index, [, says]] of cases.entries()) {
      const about = `] clocks: that of ${addresses[index]} is `;
      const lines = node.lines.filter((line) => line.includes(about));
      assert.equal(lines.length, says === undefined ? 0 : 1, lines.join());
      if (says !== undefined) assert.match(lines[0] as string, says);
    }
  }));
