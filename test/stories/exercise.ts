/** The stories of the exercise, each by its text alone, and seen with as few of the others as can be. */

import { freePort } from '../support/helpers.js';
import type { Bench } from './judge-bench.js';
import type { JudgePeer } from './judge-peer.js';
import type { JudgedNode } from './judged-node.js';
import {
  firstHandshake,
  handshake,
  list,
  names,
  type Story,
  times,
  untilConnected,
} from './story.js';
import { together } from './together.js';

export const exercise: readonly Story[] = [
  {
    id: '1',
    asks: 'It listens for WebSocket connections on the PORT in its .env.',
    needs: [],
    async check(bench) {
      await bench.settled(await bench.start());
    },
  },
  {
    id: '2',
    asks: 'At its start it tries to connect to every address in known-peers.json.',
    needs: ['1'],
    async check(bench) {
      const [a, down, b] = [await bench.peer(), await bench.peer('when told'), await bench.peer()];
      const node = await bench.start([a.address, down.address, b.address]);
      await untilConnected(bench, node, a);
      await untilDialled(bench, node, down);
      // Before the next one is looked at: a node may dial one after the other.
      down.refuse();
      await untilConnected(bench, node, b);
      await bench.settled(node);
      await bench.settled(node);
    },
  },
  {
    id: '3',
    asks: 'Over each connection that it opens it sends a HANDSHAKE: its own address, and all it is connected to.',
    needs: ['1', '2'],
    async check(bench) {
      const peers = [await bench.peer(), await bench.peer()];
      const node = await bench.start(peers.map(({ address }) => address));
      for (const peer of peers) {
        const addresses = await firstHandshake(bench, node, peer);
        const frame = list(peer.frames.slice(0, 1));
        if (!names(addresses, node)) bench.fail(`its own address is not in ${frame}`);
        const isMet = (address: string) => [node, ...peers].some((one) => names([address], one));
        const others = addresses.filter((address) => !isMet(address));
        if (others.length > 0) bench.fail(`it is not connected to ${others}, named in ${frame}`);
      }
    },
  },
  {
    id: '4',
    asks: 'On a HANDSHAKE it tries to connect to every address in it that it is not connected to yet.',
    needs: ['1', '2'],
    async check(bench) {
      const a = await bench.peer();
      const node = await bench.start([a.address]);
      await untilConnected(bench, node, a);
      const [b, c, d] = [await bench.peer(), await bench.peer(), await bench.peer()];
      await bench.say(node, handshake(a.address, b.address, c.address));
      for (const peer of [b, c]) await untilConnected(bench, node, peer);
      await bench.say(node, handshake(c.address, b.address, a.address, d.address));
      await untilConnected(bench, node, d);
      await bench.settled(node);
      for (const peer of [a, b, c]) {
        if (peer.dials > 1) bench.fail(`${peer.name} was dialled ${times(peer.dials)}`);
      }
    },
  },
  {
    id: '5',
    asks: 'It keeps track of the addresses that it is connected to.',
    needs: ['1', '2', '3'],
    async check(bench) {
      const a = await bench.peer();
      const [down, b] = [await bench.peer('when told'), await bench.peer('when told')];
      const node = await bench.start([a.address, down.address, b.address]);
      await untilConnected(bench, node, a);
      await untilDialled(bench, node, down);
      down.refuse();
      await untilDialled(bench, node, b);
      await bench.settled(node);
      b.letIn();
      const addresses = await firstHandshake(bench, node, b);
      const frame = list(b.frames.slice(0, 1));
      if (!names(addresses, a)) bench.fail(`${b.name} is not told of ${a.name}: ${frame}`);
      if (names(addresses, down)) bench.fail(`${b.name} is told of ${down.name}: ${frame}`);
    },
  },
  {
    id: '6',
    asks: 'It forgets the address of a connection that has ended.',
    needs: ['1', '2', '3', '5'],
    async check(bench) {
      const [a, b] = [await bench.peer(), await bench.peer('when told')];
      const node = await bench.start([a.address, b.address]);
      await untilConnected(bench, node, a);
      await untilDialled(bench, node, b);
      await a.hangUp();
      await a.close();
      await bench.settled(node);
      b.letIn();
      const addresses = await firstHandshake(bench, node, b);
      const frame = list(b.frames.slice(0, 1));
      if (names(addresses, a)) bench.fail(`${b.name} is told of ${a.name}: ${frame}`);
    },
  },
  {
    id: '7',
    asks: 'It never has two attempts at one address at once, and may try again when one has ended.',
    needs: ['1', '4', '6'],
    async check(bench) {
      const [a, b] = [await bench.peer('when told'), await bench.peer()];
      const node = await bench.start();
      await bench.say(node, handshake(a.address, a.address));
      for (let i = 0; i < 3; i++) await bench.say(node, handshake(a.address));
      await bench.say(node, handshake(a.address, b.address));
      await untilConnected(bench, node, b);
      await bench.settled(node);
      if (a.mostAtOnce !== 1) {
        bench.fail(`${a.mostAtOnce} dials of ${a.name} waited for an answer at the same time`);
      }
      a.refuse();
      await untilDialledAgain(bench, node, a);
      a.letIn();
      await untilConnected(bench, node, a);
      await a.hangUp();
      await untilDialledAgain(bench, node, a);
    },
  },
  {
    id: '8',
    asks: 'It never connects to its own address.',
    needs: ['1', '2', '4'],
    async check(bench) {
      const [a, b] = [await bench.peer(), await bench.peer()];
      const port = await freePort();
      const own = `ws://localhost:${port}`;
      const node = await bench.start([own, a.address], { port });
      await untilConnected(bench, node, a);
      await bench.say(node, handshake(own, b.address));
      await untilConnected(bench, node, b);
      await bench.settled(node);
      if (node.dialled.has(port)) bench.fail('it connected to its own PORT');
    },
  },
  {
    id: '9',
    asks: 'Its folder can be cloned twice, and each clone listens on the PORT in its own .env.',
    needs: ['1'],
    async check(bench) {
      await together(bench);
    },
  },
  {
    id: '10',
    asks: 'All nodes have the same code, and differ in .env alone.',
    needs: [],
    async check(bench) {
      for (const { clone, file } of await bench.differences()) {
        bench.fail(`the ${file} of ${clone}, which is beside it, is another one`);
      }
    },
  },
  {
    id: '11',
    asks: 'Three nodes run at the same time.',
    needs: ['1', '9'],
    async check(bench) {
      for (const node of await together(bench)) await bench.settled(node);
    },
  },
  {
    id: '12',
    asks: 'All nodes have an open connection to all others.',
    needs: ['1', '2', '3', '4', '9', '11'],
    async check(bench) {
      const nodes = await together(bench);
      for (const [i, one] of nodes.entries()) {
        for (const [j, other] of nodes.entries()) {
          if (j <= i) continue;
          await bench.until(
            one,
            () => `no connection is open between node-${i + 1} and node-${j + 1}`,
            () => one.isConnectedTo(other.port) || other.isConnectedTo(one.port),
          );
        }
      }
    },
  },
];

function untilDialled(bench: Bench, node: JudgedNode, peer: JudgePeer): Promise<void> {
  return bench.until(
    node,
    () => `${peer.name} was not dialled`,
    () => peer.dials > 0,
  );
}

/** Names a peer to a node until it is dialled once more. */
function untilDialledAgain(bench: Bench, node: JudgedNode, peer: JudgePeer): Promise<void> {
  const { dials } = peer;
  return bench.until(
    node,
    () => `${peer.name} was not dialled again`,
    async () => {
      if (peer.dials === dials) await bench.say(node, handshake(peer.address));
      return peer.dials > dials;
    },
  );
}
