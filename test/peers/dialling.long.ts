/** What a node does about peers once a minute has passed. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, freePort, say, until } from '../support/helpers.js';
import { untilFullMesh } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import { SlowPeer } from '../support/trap-servers.js';

describe('a mesh in the long run', { concurrency: 2 }, () => {
  test('a peer that hangs is dropped within a minute, and reached again when it goes on', () =>
    withNetwork(async (network) => {
      const [first, second] = await network.startMesh(2);
      assert.ok(first !== undefined && second !== undefined);
      second.process.kill('SIGSTOP');
      await until(
        'the connection to be given up',
        () => first.stdout.includes(`disconnected: ${second.address}`),
        70_000,
      );
      second.process.kill('SIGCONT');
      await untilFullMesh([first, second]);
    }));

  test('a connection that is slow to open is not taken for a dead one', () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      // Dialled before the node looks after its connections, every 30 s, and open after it.
      await sleep(28_500);
      const slow = network.keep(await SlowPeer.open(3500));
      await say(node.address, { type: 'HANDSHAKE', data: [slow.address] });
      await until('a connection', () => slow.connections === 1);
      await sleep(32_000);
      assert.ok(!node.stdout.includes(`disconnected: ${slow.address}`));
    }));

  test('a learnt peer that stays away is given up and forgotten, and dialled when it is back', () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const peer = await network.trap();
      await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
      const remembered = () => network.read('node-1/peers.json').catch(() => '');
      await until('it on disk', async () => (await remembered()).includes(peer.address));
      await peer.close();
      await until('it to be given up', () => node.stdout.includes(', given up'), 60_000);
      await until('it to be forgotten', async () => (await remembered()) === '[]\n');
      // Nobody says it twice.
      const back = await network.trap(Number(new URL(peer.address).port));
      await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
      await until('it to be dialled', () => back.openCallers.length > 0, 60_000);
    }));

  test('an address that nobody can reach is dialled seven times in the first minute, then once', () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const dialledMs: number[] = [];
      const port = await freePort();
      const server = createServer((socket) => {
        dialledMs.push(performance.now());
        socket.on('error', () => {}).resetAndDestroy();
      });
      network.keep({ close: () => void server.close() });
      await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
      const socket = await connectTo(node.address);
      const handshake = JSON.stringify({
        type: 'HANDSHAKE',
        data: ['ws://localhost:9', `ws://localhost:${port}`],
      });
      const startMs = performance.now();
      while (performance.now() - startMs < 180_000) {
        socket.send(handshake);
        await sleep(500);
      }
      socket.terminate();
      const inMinute = (minute: number) =>
        dialledMs.filter((ms) => Math.floor((ms - startMs) / 60_000) === minute).length;
      const minutes = [0, 1, 2].map(inMinute);
      assert.ok((minutes[0] as number) >= 5 && (minutes[0] as number) <= 7, `${minutes}`);
      // It is given up within half a minute, and its turns come 16 seconds later, then 32, then 64.
      assert.ok(
        minutes.slice(1).every((dials) => dials <= 1),
        `${minutes}`,
      );
    }));
});
