/** Names in addresses that no name server answers for, until they are given up. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { Island, untilSays, whyNoIslands } from '../support/island.js';
import { withNetwork } from '../support/network.js';

const PORT = 4001;
const SPEAKER = fileURLToPath(new URL('../support/speaker.js', import.meta.url));

describe('a name', { skip: whyNoIslands(), concurrency: 3 }, () => {
  test('that a person wrote is found beside a hundred that a peer names, which nobody answers for', () =>
    withNetwork(async (network) => {
      const island = await Island.create(network, { 'found.test': '127.0.0.1' });
      const node = await island.startNode(
        'node-1',
        PORT,
        [`ws://found.test:${PORT + 1}`],
        'HOST=0.0.0.0',
        'ADDRESS=10.77.0.1',
      );
      await untilSays(node, /\] unreachable: ws:\/\/found\.test:\d+ \(nobody listens there\)/);
      const names = Array.from({ length: 100 }, (_, i) => `ws://silent${i}.test:${PORT}`);
      const speaker = island.start([
        SPEAKER,
        `ws://localhost:${PORT}`,
        handshakeFrame(names).toString(),
      ]);
      await untilSays(speaker, /said/);
      await untilSays(
        node,
        /\] unreachable: ws:\/\/silent\d+\.test:4001 \(no name server answers\)/,
      );
      await island.startNode('node-2', PORT + 1, [], 'ADDRESS=found.test');
      await untilSays(node, /\] connected: ws:\/\/found\.test:/);
    }));

  test('of our own that no name server answers for is waited for in a line, by a node that listens', () =>
    withNetwork(async (network) => {
      const island = await Island.create(network);
      const node = await island.startNode(
        'node-1',
        PORT,
        [],
        'HOST=0.0.0.0',
        'ADDRESS=silent.test',
      );
      await untilSays(
        node,
        /\] waiting: no name server says where our own ADDRESS, silent\.test, leads/,
      );
      const [first] = node.lines;
      assert.ok(first?.includes(` [${PORT}] listening: ws://silent.test:${PORT},`), first);
    }));

  test('to listen on that no name server answers for is waited for in a line, and what to write instead', () =>
    withNetwork(async (network) => {
      const island = await Island.create(network);
      const node = await island.startNode('node-1', PORT, [], 'HOST=silent.test');
      await untilSays(
        node,
        /^\S+ \[4001\] waiting: no name server says which address of this machine HOST, silent\.test, is/,
      );
      const { code, stderr } = await node.result();
      assert.match(stderr, /^No name server says which address .* is: write the IP address\n$/);
      assert.equal(code, 1);
    }));

  test('of this machine that leads to loopback, as Debian has it, is one by which nodes here meet', () =>
    withNetwork(async (network) => {
      const island = await Island.create(network, {}, { mylaptop: '127.0.1.1' });
      const settings = ['HOST=0.0.0.0', 'ADDRESS=mylaptop'];
      const known = [`ws://mylaptop:${PORT}`];
      const nodes = [await island.startNode('node-1', PORT, [], ...settings)];
      nodes.push(await island.startNode('node-2', PORT + 1, known, ...settings));
      nodes.push(await island.startNode('node-3', PORT + 2, known, ...settings));
      for (const node of nodes)
        await untilSays(node, /\] connected: ws:\/\/mylaptop:\d+, 2 peers now/);
    }));
});
