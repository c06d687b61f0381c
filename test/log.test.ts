/** What a person at the terminal sees and does: lines, Ctrl-C, a disk that refuses. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'fs-extra';
import { WebSocket } from 'ws';
import { makeIds } from './support/client.js';
import { limitFileSize, ON_LINUX } from './support/disk.js';
import {
  bytesUnderWay,
  connectTo,
  DEADLINE_MS,
  floodWith,
  freePort,
  isListening,
  onTerminal,
  say,
  transactionMessage,
  until,
  within,
} from './support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from './support/hosted.js';
import { visit } from './support/http.js';
import { untilPoolsHold } from './support/mesh.js';
import { withNetwork } from './support/network.js';
import type { NodeProcess, RunningNode } from './support/program.js';

test('each event is a line: [port] event: what and why', () =>
  withHostedNodes(async (network) => {
    const [peer, learnt] = [await network.trap(), await network.trap()];
    const nobody = `ws://localhost:${await freePort()}`;
    const node = await network.startNode('node-1', [peer.address, nobody]);
    await until('a connection', () => peer.openCallers.length > 0);
    await say(node.address, { type: 'HANDSHAKE', data: [learnt.address, peer.address] });
    await until('a dial of the learnt one', () => learnt.openCallers.length > 0);
    await say(node.address, transactionMessage('t1'));
    await peer.close();
    for (const expected of [
      `listening: ${node.address}, 0 transactions in the pool`,
      `dialling: ${peer.address}`,
      `connected: ${peer.address}, 1 peer now`,
      `unreachable: ${nobody} (nobody listens there), again in `,
      `handshake from: a plain peer, naming 2 nodes`,
      `learnt: ${learnt.address}`,
      `connected: ${learnt.address}, 2 peers now`,
      'accepted: transaction t1, 1 in the pool',
      `disconnected: ${peer.address} (the connection broke), again in `,
    ]) {
      await until(`the line «${expected}»`, () =>
        node.lines.some((line) => line.startsWith(`[${node.port}] ${expected}`)),
      );
    }
    assert.equal(node.stderr, '');
  }));

test('under load, accepted transactions are a line a second, not one each', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const client = await connectTo(node.address);
    for (let i = 0; i < 5000; i++) client.send(JSON.stringify(transactionMessage(`t${i}`)));
    await until('the last line', () => node.stdout.includes('5000 in the pool'));
    const lines = node.lines.filter((line) => line.includes(' accepted: '));
    assert.ok(lines.length < 10, `${lines.length} lines`);
    client.terminate();
  }));

test('of one event there are only so many lines, and it is told how many were left out', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const [foreign, requests] = [{ headers: { origin: 'http://example.org' } }, 200];
    for (let i = 0; i < requests; i++) assert.equal((await visit(node, '/', foreign)).status, 403);
    const lines = () => node.lines.filter((line) => line.includes('] turned away: '));
    const leftOut = () => lines().map((line) => / (\d+) more of these$/.exec(line)?.[1]);
    const sum = () => leftOut().reduce((all, count) => all + Number(count ?? 1), 0);
    await until(
      () => `all to be told, not ${sum()}`,
      () => sum() === requests,
    );
    const shown = leftOut().filter((count) => count === undefined).length;
    assert.ok(shown < 40, `${shown} lines`);
    await say(node.address, transactionMessage('t1'));
    await until('a line of another event', () => node.stdout.includes('accepted: transaction t1'));
  }));

test('a peer cannot write control characters to the terminal, nor endless lines', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const nasty = '\u001b[2J\u0007\n[4001] accepted: forged\u202e';
    await say(node.address, { type: 'TRANSACTION', data: { id: nasty } });
    await say(node.address, { type: 'HANDSHAKE', data: ['x'.repeat(10_000)] });
    await until('both lines', () => /accepted.*handshake/s.test(node.stdout));
    assert.ok(node.stdout.includes('transaction ?[2J??[4001] accepted: forged?, 1 in the pool'));
    assert.ok(node.lines.every((line) => line.length < 400));
  }));

test('a terminal that is stopped does not stop the node', ON_LINUX, () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    // Once it is stopped, another program fills it.
    const fill = 'until [ -e full ]; do sleep 0.1; done; head -c 100000 /dev/zero; wait';
    const terminal = network.start(onTerminal(`node index.js & ${fill}`), 'node-1', 'script');
    await until('it to listen', () => terminal.stdout.includes('] page: '));
    terminal.process.kill('SIGSTOP');
    await network.write('node-1/full', '');
    const address = `ws://localhost:${port}`;
    for (const number of [1, 2, 3, 4, 5]) {
      await say(address, { type: 'HANDSHAKE', data: [`ws://127.1.1.${number}:1`] });
    }
    const health = await within(DEADLINE_MS, fetch(`http://localhost:${port}/healthz`));
    assert.equal(health.status, 200);
    terminal.process.kill('SIGCONT');
    await until('its lines', () => terminal.stdout.includes('learnt: ws://127.1.1.5:1'));
  }),
);

test('Ctrl-C: peers are told, the pool is on disk, and the node ends with 0 in two seconds', () =>
  withNetwork(async (network) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { node, peer } = await network.startNodeWithPeer();
      let code = 0;
      peer.callers[0]?.socket.on('close', (closeCode) => {
        code = closeCode;
      });
      const ids = Array.from({ length: 3000 }, (_, i) => `${signal}${i}`);
      await say(node.address, ...ids.map(transactionMessage));
      assert.equal(await node.end(signal), 0);
      await until('a goodbye', () => code === 1001);
      await untilPoolsHold([node], ids);
      assert.equal(await isListening(node.port), false);
    }
  }));

test('what a node takes while it leaves is in the other pools too', () =>
  withHostedBesideOne(async (network) => {
    const [leaving, staying] = (await network.startMesh(2)) as [NodeProcess, RunningNode];
    const client = await connectTo(leaving.address);
    const flood = floodWith(client, 500, 10);
    network.keep({ close: () => clearInterval(flood) });
    await until('a flood', async () => (await staying.poolText()).includes('"t2000"'));
    assert.equal(await leaving.end('SIGINT'), 0);
    clearInterval(flood);
    const left = (await leaving.pool()).map(({ id }) => id);
    await until('all of them at the other node', async () => {
      const stayed = new Set((await staying.pool()).map(({ id }) => id));
      return left.every((id) => stayed.has(id));
    });
  }));

test('a node that leaves lets a slow peer have what was meant for it', () =>
  withNetwork(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    peer.openCallers[0]?.socket.pause();
    // More than the system keeps on the way between two sockets, less than what nobody waits for.
    const big = 'x'.repeat(60_000);
    const count = Math.ceil(((await bytesUnderWay()) + 2 * 1024 * 1024) / big.length);
    const frames = makeIds('t', count).map((id) => ({ type: 'TRANSACTION', data: { id, big } }));
    await say(node.address, ...frames);
    node.process.kill('SIGINT');
    await until('the node to be leaving', () => node.stdout.includes('leaving: '));
    peer.callers[0]?.socket.resume();
    assert.equal((await node.result()).code, 0);
    await until('all of them', () => peer.received('TRANSACTION').length === count);
  }));

test('a client that comes while a node leaves is told so, and not that all was taken', () =>
  withNetwork(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    // Keeps the node waiting for an answer to its close frame.
    peer.openCallers[0]?.socket.pause();
    const early = connect(node.port, '127.0.0.1');
    await new Promise((done) => early.once('connect', done));
    // Whoever connects after it is served after it.
    (await connectTo(node.address)).terminate();
    node.process.kill('SIGINT');
    await until('the node to be leaving', () => node.stdout.includes('leaving: '));
    const client = new WebSocket(node.address, { createConnection: () => early });
    client.on('open', () => {
      client.send(JSON.stringify(transactionMessage('late')));
      client.close(1000);
    });
    const code = await new Promise((done) => client.once('close', done));
    assert.equal(code, 1001);
    await node.result();
    assert.deepEqual(await node.pool(), []);
  }));

test('a node listens on this machine alone, on IPv4 and IPv6', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const hosts = ['127.0.0.1'];
    if (networkInterfaces().lo?.some(({ address }) => address === '::1')) hosts.push('[::1]');
    for (const host of hosts) (await connectTo(`ws://${host}:${node.port}`)).terminate();
    if (process.platform !== 'linux') return;
    const port = node.port.toString(16).toUpperCase().padStart(4, '0');
    const tables = await Promise.all(
      ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => fs.readFile(file, 'utf8').catch(() => '')),
    );
    // Of a listening socket the remote port is 0; addresses are in hexadecimal, byte-swapped.
    const listening = tables.join('\n').matchAll(new RegExp(`: (\\w+):${port} \\w+:0000 0A`, 'g'));
    const found = [...listening].map(([, address]) => address);
    assert.deepEqual(
      found,
      ['0100007F', '00000000000000000000000001000000'].slice(0, hosts.length),
    );
  }));

test(
  'a node that cannot save on leaving says so; a second Ctrl-C does not wait for it',
  ON_LINUX,
  () =>
    withNetwork(async (network) => {
      for (const isImpatient of [false, true]) {
        const node = await network.startNode();
        await limitFileSize(node, '0');
        await say(node.address, transactionMessage('unsaved'));
        node.process.kill('SIGINT');
        await until('the node to be leaving', () => node.stdout.includes('leaving: '));
        if (isImpatient) {
          await sleep(800);
          node.process.kill('SIGINT');
        }
        assert.equal((await node.result()).code, 1);
        assert.equal(node.stderr, isImpatient ? '' : 'Left before all was saved\n');
      }
    }),
);

test('a node that is asked to leave at its first line leaves as it always does', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const node = network.launch('node-1', port);
    node.process.stdout?.once('data', () => node.process.kill('SIGTERM'));
    assert.equal((await node.result()).code, 0, node.stdout);
    assert.match(node.stdout, /leaving: 0 transactions in the pool\n$/);
  }));

test('a node on its way out still writes down the peers it has learnt', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const peer = await network.trap();
    const obstacle = network.path('node-1/peers.json.tmp');
    await fs.mkdir(obstacle);
    await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
    await until('a first attempt', () => node.stdout.includes('not saved: node-1/peers.json ('));
    node.process.kill('SIGINT');
    await until('the node to be leaving', () => node.stdout.includes('leaving: '));
    await fs.remove(obstacle);
    assert.equal((await node.result()).code, 0);
    assert.deepEqual(await fs.readJson(network.path('node-1/peers.json')), [peer.address]);
  }));

test(
  'a disk that refuses is told once, costs no transaction, and is tried until it takes them',
  ON_LINUX,
  () =>
    withNetwork(async (network) => {
      const { node, peer } = await network.startNodeWithPeer();
      await limitFileSize(node, '0');
      await say(node.address, transactionMessage('a'));
      await until('a line', () => node.stdout.includes('not saved: node-1/transactions.json ('));
      await say(node.address, transactionMessage('b'), transactionMessage('a'));
      await until('the relay to go on', () => peer.received('TRANSACTION').length === 2);
      assert.deepEqual(await node.pool(), []);
      await sleep(2500);
      await limitFileSize(node, 'unlimited');
      await until('a line', () => node.stdout.includes('saved again: node-1/transactions.json'));
      await untilPoolsHold([node], ['a', 'b']);
      await say(node.address, transactionMessage('c'));
      await untilPoolsHold([node], ['a', 'b', 'c']);
      for (const line of ['not saved: ', 'saved again: ']) {
        const found = node.lines.filter((each) => each.includes(`] ${line}node-1/transactions`));
        assert.equal(found.length, 1, line);
      }
    }),
);
