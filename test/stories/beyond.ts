/**
 * What goes beyond the exercise, each shown from outside: by real processes, sockets and files, so
 * that it can hold for anybody's node. Each gets a new network made from the node under test.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'fs-extra';
import {
  freePort,
  makeTransaction,
  say,
  transactionMessage,
  until,
  within,
} from '../support/helpers.js';
import { Network } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';
import { Forwarder, MuteServers } from '../support/trap-servers.js';
import { type BeyondStory, commandStories } from './beyond-commands.js';
import { connectedAddressesOf, untilAllConnected } from './black-box.js';
import { Unmet } from './judge-bench.js';
import type { Story } from './story.js';

const handshake = (...data: string[]) => ({ type: 'HANDSHAKE', data });

export const beyondStories: BeyondStory[] = [
  {
    isLong: true,
    asks: 'a known peer that is down at the start is dialled again later',
    async check(network) {
      const up = await network.trap();
      const downPort = await freePort();
      await network.startNode('node-1', [up.address, `ws://localhost:${downPort}`]);
      await until('a dial of the known peer that is up', () => up.callers.length > 0);
      // Long enough for the first attempts at the other one to fail.
      await sleep(2000);
      const late = await network.trap(downPort);
      await until('a dial of the known peer that came up later', () => late.callers.length > 0);
    },
  },
  {
    asks: 'a HANDSHAKE is the first frame, and its own address comes first in it',
    async check(network) {
      const [first, second] = [await network.trap(), await network.trap()];
      const node = await network.startNode('node-1', [first.address]);
      await until('a first HANDSHAKE', () => first.received('HANDSHAKE').length > 0);
      await say(node.address, handshake(second.address));
      await until('a second HANDSHAKE', () => second.received('HANDSHAKE').length > 0);

      for (const [trap, addresses] of [
        [first, [node.address, first.address]],
        [second, [node.address, first.address, second.address]],
      ] as const) {
        const caller = trap.callers[0];
        assert.equal(caller?.binaryFrames, 0, 'the HANDSHAKE is a text frame');
        const message = JSON.parse(caller?.frames[0] as string);
        assert.deepEqual(Object.keys(message).sort(), ['data', 'type']);
        assert.equal(message.data[0], node.address, 'its own address comes first');
        assert.deepEqual([...message.data].sort(), [...addresses].sort());
      }
    },
  },
  {
    isLong: true,
    asks: 'it does not dial an address again that it is connected to, whatever the order',
    async check(network) {
      const [known, one, two] = [await network.trap(), await network.trap(), await network.trap()];
      const node = await network.startNode('node-1', [known.address]);
      await until('a dial of the known peer', () => known.openCallers.length > 0);
      await say(node.address, handshake(known.address, one.address, two.address));
      await until('a dial of both new addresses', () =>
        [one, two].every((trap) => trap.openCallers.length > 0),
      );
      await say(node.address, handshake(two.address, one.address, known.address));
      await sleep(1000);
      for (const trap of [known, one, two]) {
        assert.equal(trap.callers.length, 1, `${trap.address} is dialled once`);
      }
    },
  },
  {
    isLong: true,
    asks: 'an address that disconnects is dialled again',
    async check(network) {
      const { node, peer } = await network.startNodeWithPeer();
      assert.deepEqual(await connectedAddressesOf(node), [peer.address]);
      await peer.close();
      await until(
        'the address to be named no more',
        async () => (await connectedAddressesOf(node)).length === 0,
      );
      const back = await network.trap(peer.port);
      await until('a new dial', () => back.openCallers.length > 0);
      await until('the address to be named again', async () =>
        (await connectedAddressesOf(node)).includes(peer.address),
      );
    },
  },
  {
    isLong: true,
    asks: 'a dial that is never answered is one attempt, however often it is named',
    async check(network) {
      const mute = network.keep(await MuteServers.open(1));
      const [address] = mute.addresses as [string];
      const node = await network.startNode();
      for (let i = 0; i < 5; i++) {
        await say(node.address, handshake(address, address));
        await sleep(200);
      }
      assert.equal(mute.accepted, 1, 'not one attempt while none was answered');
      mute.hangUp();
      await until('another attempt after the failed one', async () => {
        await say(node.address, handshake(address));
        return mute.accepted > 1;
      });
    },
  },
  {
    isLong: true,
    asks: 'it never stays connected to itself, in whatever spelling or under another name',
    async check(network) {
      const port = await freePort();
      const spellings = ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]', '127.1', 'localhost.']
        .map((host) => `ws://${host}:${port}`)
        .concat(`ws://localhost:${port}/`);
      await network.addNode('node-1', port, spellings);
      const node = await network.launch('node-1', port).listening();
      await say(node.address, handshake(...spellings));
      await sleep(1000);
      assert.deepEqual(await connectedAddressesOf(node), [], 'it is connected to itself');

      const otherName = network.keep(await Forwarder.open(port));
      await say(node.address, handshake(otherName.address));
      await until('a look at the other name', () => otherName.accepted > 0);
      await until('the connection to itself to end', () => !otherName.isOpen);
      const { accepted } = otherName;
      await say(node.address, handshake(otherName.address));
      await sleep(2500);
      assert.equal(otherName.accepted, accepted, 'its other name is dialled again');
      assert.deepEqual(await connectedAddressesOf(node), [], 'it names its other name');
    },
  },
  {
    isLong: true,
    asks: 'three clones end connected all to all, whatever order they start or restart in',
    async check(network) {
      for (const order of [[0, 1, 2], [2, 1, 0], null]) {
        const ports = [await freePort(), await freePort(), await freePort()];
        const known = [`ws://localhost:${ports[0]}`, `ws://localhost:${ports[2]}`];
        const nodes: NodeProcess[] = [];
        for (const [index, port] of ports.entries()) {
          await fs.remove(network.path(`node-${index + 1}`, 'peers.json'));
          await network.addNode(`node-${index + 1}`, port, known);
        }
        for (const index of order ?? [0, 1, 2]) {
          const node = network.launch(`node-${index + 1}`, ports[index] as number);
          nodes[index] = node;
          // Without an order, all start at once.
          if (order !== null) await node.listening();
        }
        for (const node of nodes) await node.listening();
        await untilAllConnected(nodes);

        for (const [index, node] of nodes.entries()) {
          await node.end('SIGKILL');
          nodes[index] = await network.launch(node.name, node.port).listening();
          await untilAllConnected(nodes);
        }
        for (const node of nodes) await node.end();
      }
    },
  },
  {
    isLong: true,
    asks: 'ten nodes that know one address connect all to all',
    async check(network) {
      await untilAllConnected(await network.startNodes(10));
    },
  },
  {
    asks: 'a TRANSACTION is known by its id or else its hash, and relayed in the order in which it came',
    async check(network) {
      const [first, second] = [await network.trap(), await network.trap()];
      const node = await network.startNode('node-1', [first.address, second.address]);
      await until('both connections', () =>
        [first, second].every((trap) => trap.openCallers.length > 0),
      );

      const byId = { id: 'a', fromAddress: null, toAddress: 'ö', amount: 0.5, note: { x: [1] } };
      const byHash = { fromAddress: 'me', amount: 1, hash: 'b'.repeat(64) };
      for (const data of [byId, byHash, byId, byHash]) {
        await say(node.address, { type: 'TRANSACTION', data });
      }
      await until('both in the pool', async () => (await node.pool()).length >= 2);
      await say(node.address, { type: 'TRANSACTION', data: byId });
      await say(node.address, transactionMessage('last'));
      await until('the last one to be relayed', () =>
        [first, second].every((trap) => trap.received('TRANSACTION').length >= 3),
      );

      const expected = [byId, byHash, makeTransaction('last')];
      await until('the last one in the pool', async () => (await node.pool()).length >= 3);
      assert.deepEqual(await node.pool(), expected, 'the pool');
      for (const trap of [first, second]) {
        assert.deepEqual(trap.received('TRANSACTION'), expected, 'what a peer got');
      }
    },
  },
  ...commandStories,
];

/**
 * The same for the judge: where one does not hold, the reason in a line.
 *
 * @param limitMs how long one of them may take
 */
export function beyondWith(limitMs: number): Story[] {
  return beyondStories.map(({ asks, check }, index) => ({
    id: `beyond ${index + 1}`,
    asks: `${asks.charAt(0).toUpperCase()}${asks.slice(1)}.`,
    needs: [],
    async check(bench) {
      const network = await Network.create(bench.original);
      bench.keep(network);
      try {
        await within(limitMs, check(network));
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        // What follows the first line of an assertion is a picture of it.
        throw new Unmet('', text.split('\n')[0] ?? '');
      } finally {
        await network.close();
      }
    },
  }));
}
