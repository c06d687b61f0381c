/** What a node does about peers once a minute has passed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { say, until } from '../support/helpers.js';
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

  test('a learnt peer that stays away is given up and forgotten', () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const peer = await network.trap();
      await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
      const remembered = () => network.read('node-1/peers.json').catch(() => '');
      await until('it on disk', async () => (await remembered()).includes(peer.address));
      await peer.close();
      await until('it to be given up', () => node.stdout.includes(', given up'), 60_000);
      await until('it to be forgotten', async () => (await remembered()) === '[]\n');
    }));
});
