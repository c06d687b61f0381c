/** What a node says at /status of the others: who is there, and who is linked with whom. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { connectTo, freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from '../support/hosted.js';
import { NameDropper } from '../support/name-dropper.js';
import { PlainPeer } from '../support/plain-peer.js';
import type { NodeProcess, RunningNode } from '../support/program.js';
import {
  asLinks,
  linksIn,
  type Status,
  stateOf,
  statusOf,
  untilStatus,
} from '../support/status.js';
import { Forwarder, MuteServers } from '../support/trap-servers.js';

const SHOWN_NODES = 256;

/** Addresses that a node on loopback never dials. */
function namesElsewhere(network: number, count: number): string[] {
  return Array.from({ length: count }, (_, host) => `ws://10.1.${network}.${host}:4001`);
}

function untilLinks(node: RunningNode, links: string[]): Promise<Status> {
  return untilStatus(node, `links ${links}`, (status) => `${linksIn(status)}` === `${links}`);
}

describe('the network as a node sees it', { concurrency: 3 }, () => {
  test('each of three nodes sees all, itself first, and that all are linked with all', () =>
    withHostedNodes(async (network) => {
      const first = await network.startNode('node-1');
      const nodes = [first];
      for (const name of ['node-2', 'node-3']) {
        nodes.push(await network.startNode(name, [first.address]));
      }
      const [a, b, c] = nodes.map(({ address }) => address) as [string, string, string];
      for (const node of nodes) {
        const status = await untilLinks(node, asLinks([a, b], [a, c], [b, c]));
        assert.deepEqual(status.network.nodes[0], { address: node.address, state: 'self' });
        const others = [a, b, c].filter((address) => address !== node.address);
        const peers = others.map((address) => ({ address, state: 'connected', isStranger: false }));
        const shown = status.network.nodes.slice(1).map(withoutTrip);
        assert.deepEqual(
          [...shown].sort((x, y) => (x.address < y.address ? -1 : 1)),
          peers,
        );
        assert.equal(status.network.leftOut, 0);
      }
    }));

  test('a node that is killed is lost, and its links with it; when it is back, so are they', () =>
    withHostedBesideOne(async (network) => {
      const [third, first, second] = (await network.startMesh(3)) as [
        NodeProcess,
        RunningNode,
        RunningNode,
      ];
      const [a, b, c] = [first.address, second.address, third.address];
      const whole = asLinks([a, b], [a, c], [b, c]);
      await untilLinks(first, whole);
      await third.end();
      const states = new Set<string | undefined>();
      const status = await untilLinks(first, asLinks([a, b]));
      states.add(stateOf(status, c));
      await untilStatus(first, 'both that it waits, and that it dials', (now) => {
        states.add(stateOf(now, c));
        return states.has('lost');
      });
      states.delete('dialling');
      assert.deepEqual([...states], ['lost']);
      await network.restart(third);
      assert.equal(stateOf(await untilLinks(first, whole), c), 'connected');
    }));

  test('a dial that is not answered yet is shown as one', () =>
    withHostedNodes(async (network) => {
      const mute = network.keep(await MuteServers.open(1));
      const node = await network.startNode('node-1', mute.addresses);
      const [address = ''] = mute.addresses;
      const isDialled = (status: Status) => stateOf(status, address) === 'dialling';
      const status = await untilStatus(node, 'a dial', isDialled);
      assert.deepEqual(linksIn(status), []);
    }));

  test('a stranger is marked as one, and nothing is made of the order in which it names addresses', () =>
    withHostedNodes(async (network) => {
      const other = await network.trap();
      const node = await network.startNode();
      const stranger = network.keep(await PlainPeer.join([other.address]));
      await until('it to have a peer', () => stranger.connectedAddresses.length === 1);
      // Now it hears of the node, and tells it whom it is connected to.
      await say(stranger.address, { type: 'HANDSHAKE', data: [node.address] });
      const [a, b, c] = [node.address, stranger.address, other.address];
      const { network: seen } = await untilLinks(node, asLinks([a, b], [a, c]));
      for (const address of [b, c]) {
        const peer = seen.nodes.find((each) => each.address === address);
        assert.ok(peer !== undefined);
        assert.deepEqual(withoutTrip(peer), { address, state: 'connected', isStranger: true });
      }
      stranger.add('from a stranger');
      const { transactions } = await untilStatus(
        node,
        'its transaction',
        (status) => status.transactions.latest.length === 1,
      );
      const { at = 0, id, from, delayMs } = transactions.latest[0] ?? {};
      assert.deepEqual([id, from, delayMs], ['from a stranger', null, at - 1]);
    }));

  test('a node that only another one names is reported, as long as that one names it', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const [x, y] = namesElsewhere(0, 2) as [string, string];
      const dropper = network.keep(await NameDropper.join(node, [node.address, x]));
      const [a, b] = [node.address, dropper.address];
      const status = await untilLinks(node, asLinks([a, b], [b, x]));
      const reported = status.network.nodes.find(({ address }) => address === x);
      assert.deepEqual(reported, { address: x, state: 'reported' });
      assert.equal(stateOf(status, b), 'connected');

      dropper.tell([node.address, y]);
      assert.equal(stateOf(await untilLinks(node, asLinks([a, b], [b, y])), x), undefined);
      // Itself, itself spelt otherwise, and what is no address.
      const odd = [b, b.replace('localhost', '127.0.0.1'), a.replace('localhost', '[::1]'), 'x'];
      dropper.tell([...odd, y, y, y.replace('ws:', 'WS:')]);
      await say(node.address, transactionMessage('told'));
      await untilStatus(node, 'what came later', ({ pool }) => pool.transactions === 1);
      await untilLinks(node, asLinks([a, b], [b, y]));
      assert.equal((await statusOf(node)).network.nodes.length, 3);

      dropper.hangUp();
      assert.equal(stateOf(await untilLinks(node, asLinks([a, b])), y), undefined);
      assert.doesNotMatch(node.stdout, /dialling: ws:\/\/10\./);
    }));

  test('nothing is believed of a node that was never met at the address it claims', () =>
    withHostedNodes(async (network) => {
      const peer = await network.startNode('node-2');
      const node = await network.startNode('node-1', [peer.address]);
      const [a, b, nobody] = [node.address, peer.address, `ws://localhost:${await freePort()}`];
      const [x, y] = namesElsewhere(0, 2) as [string, string];
      await untilLinks(node, asLinks([a, b]));
      const misbehavingPeers = [await connectTo(a), await connectTo(a)];
      misbehavingPeers[0]?.send(handshakeFrame([nobody, x, b]));
      // He has none of what the peer is recognised by.
      misbehavingPeers[1]?.send(handshakeFrame([b, y]));
      for (const misbehaving of misbehavingPeers)
        misbehaving.send(JSON.stringify(transactionMessage('told')));
      const isTold = ({ transactions }: Status) => transactions.duplicate === 1;
      await untilStatus(node, 'all that they said', isTold);
      const status = await untilLinks(node, asLinks([a, b]));
      assert.deepEqual(
        [x, y].map((address) => stateOf(status, address)),
        [undefined, undefined],
      );
      assert.match(String(stateOf(status, nobody)), /^(dialling|lost)$/);
      assert.deepEqual(
        status.transactions.latest.map(({ from }) => from),
        [null],
      );
      for (const misbehaving of misbehavingPeers) misbehaving.terminate();
    }));

  test('a caller in the name of a peer changes none of the links of that peer', () =>
    withHostedNodes(async (network) => {
      const peer = await network.startNode('node-2');
      const node = await network.startNode('node-1', [peer.address]);
      const [a, b] = [node.address, peer.address];
      const [x] = namesElsewhere(0, 1) as [string];
      await untilLinks(node, asLinks([a, b]));
      // All that it is recognised by, it tells whoever dials it.
      const socket = new WebSocket(b);
      const [{ headers }] = await once(socket, 'upgrade');
      const misbehaving = await connectTo(a, {
        'mesh-version': '1',
        'mesh-id': String(headers['mesh-id']),
        'mesh-address': b,
      });
      misbehaving.send(handshakeFrame([b, x]));
      misbehaving.send(JSON.stringify(transactionMessage('told')));
      await untilStatus(node, 'all that he said', ({ pool }) => pool.transactions === 1);
      assert.equal(stateOf(await untilLinks(node, asLinks([a, b])), x), undefined);
      misbehaving.terminate();
      socket.terminate();
    }));

  test('a node under two names is there once, and so is this one', () =>
    withHostedNodes(async (network) => {
      const peer = await network.startNode('node-2');
      const node = await network.startNode('node-1');
      const names = [await Forwarder.open(peer.port), await Forwarder.open(node.port)];
      for (const forwarder of names) network.keep(forwarder);
      const data = [peer.address, ...names.map(({ address }) => address)];
      await say(node.address, { type: 'HANDSHAKE', data });
      for (const reason of ['the same node as', 'this node itself under another name']) {
        await until(reason, () => node.stdout.includes(reason));
      }
      const [a, b, another = ''] = [node.address, peer.address, names[1]?.address];
      const { network: seen } = await untilLinks(node, asLinks([a, b]));
      assert.equal(seen.nodes.length, 2, JSON.stringify(seen.nodes));
      // Nor is it there again when somebody else names it so.
      const dropper = network.keep(await NameDropper.join(node, [another]));
      const c = dropper.address;
      const all = asLinks([a, b], [a, c], [b, c]);
      assert.equal((await untilLinks(node, all)).network.nodes.length, 3);
    }));

  test('of more than 256 nodes it shows those it knows best, and how many there are more', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const droppers: NameDropper[] = [];
      for (const number of [1, 2, 3]) {
        const names = namesElsewhere(number, 100);
        droppers.push(network.keep(await NameDropper.join(node, names)));
      }
      const isAll = ({ network: { nodes, leftOut } }: Status) => nodes.length + leftOut === 304;
      const status = await untilStatus(node, '304 nodes', isAll);
      assert.equal(status.network.nodes.length, SHOWN_NODES);
      assert.equal(status.network.leftOut, 304 - SHOWN_NODES);
      assert.equal(stateOf(status, node.address), 'self');
      for (const { address } of droppers) assert.equal(stateOf(status, address), 'connected');
      // Each node that is shown beside this one is linked with one other.
      assert.equal(linksIn(status).length, SHOWN_NODES - 1);
      for (const dropper of droppers) dropper.hangUp();
      await untilStatus(node, 'four nodes', isFour);
    }));
});

function isFour({ network: { nodes, leftOut } }: Status): boolean {
  return nodes.length === 4 && leftOut === 0;
}

type MappedNode = Status['network']['nodes'][number];

/** A node of the map as it is until the first ping is answered, which a slow test may see. */
function withoutTrip({ roundTripMs: _, ...node }: MappedNode): Omit<MappedNode, 'roundTripMs'> {
  return node;
}
