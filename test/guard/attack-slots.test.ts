/** Places that one who is there for nothing takes from the others. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { connectTo, freePort, say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';

const PEERS = 128;
describe('nobody keeps the slots of others', { concurrency: 3 }, () => {
  test('by claiming addresses that lead nowhere, where as many peers are there as are looked for', () =>
    withHostedNodes(async (network) => {
      const env = await network.read('node-1/.env');
      await network.write('node-1/.env', `${env.trimEnd()}\nMAX_PEERS=1\n`);
      const peer = await network.startNode('node-2');
      const node = await network.startNode('node-1', [peer.address]);
      await until('a peer', () => node.stdout.includes(`connected: ${peer.address}`));
      for (let i = 0; i < 3; i++) {
        const socket = await connectTo(node.address);
        socket.send(handshakeFrame([`ws://localhost:${await freePort()}`]));
      }
      await until('all slots to be taken', () => node.stdout.split('handshake from').length > 3);
      const late = await network.startNode('node-3', [node.address]);
      await until('one that comes late to be dialled back', () =>
        node.stdout.includes(`connected: ${late.address}`),
      );
    }));

  test('by servers that are dialled on the word of one', () =>
    withHostedNodes(async (network) => {
      const port = await freePort();
      const node = await network.startNode('node-1', [`ws://localhost:${port}`]);
      const traps = await Promise.all(Array.from({ length: PEERS + 10 }, () => network.trap()));
      await say(node.address, handshakeFrame(traps.map(({ address }) => address)));
      const reached = () => traps.filter(({ openCallers }) => openCallers.length > 0).length;
      await until(
        () => `all slots to be taken; ${reached()} are`,
        () => reached() === PEERS,
      );
      const known = await network.trap(port);
      await until('the known peer to be dialled', () => known.openCallers.length > 0, 40_000);
      assert.equal(reached(), PEERS);
    }));
});
