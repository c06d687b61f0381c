import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { connectTo, freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from '../support/hosted.js';
import { untilFullMesh, untilPoolsHold } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess, RunningNode } from '../support/program.js';
import { newSeed } from '../support/property.js';
import { MuteServers } from '../support/trap-servers.js';

// Four at a time: three of them mostly wait.
describe('a mesh', { concurrency: 4 }, () => {
  test('1,000 transactions, sent to random nodes by several clients at once, are in every pool', (t) =>
    withHostedNodes(async (network) => {
      const nodes = await network.startMesh(4);
      const seed = newSeed(t);

      const clients = await Promise.all(
        [...nodes, ...nodes].map(async ({ address }) => connectTo(address)),
      );
      const anyClient = fc.constantFrom(...clients);
      // Now and then two clients hand in the same one.
      const senders = fc.array(anyClient, { minLength: 1, maxLength: 2 });
      const ids: string[] = [];
      for (const [i, some] of fc.sample(senders, { seed, numRuns: 1000 }).entries()) {
        for (const client of some) client.send(JSON.stringify(transactionMessage(`t${i}`)));
        ids.push(`t${i}`);
      }
      await untilPoolsHold(nodes, ids);
      for (const client of clients) client.terminate();
    }));

  test('a node that learnt its peers finds them again when no known one is left', () =>
    withNetwork(async (network) => {
      const [first, second, third] = await network.startMesh(3);
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      await until('the learnt address on disk', async () =>
        (await network.read('node-2/peers.json')).includes(third.address),
      );
      await first.end();
      await second.end();
      const again = await network.launch(second.name, second.port).listening();
      await untilFullMesh([again, third]);
    }));

  test('a peer that is back is dialled again', () =>
    withHostedBesideOne(async (network) => {
      const [second, first] = (await network.startMesh(2)) as [NodeProcess, RunningNode];
      await second.end();
      await until(
        'two failures',
        () => first.lines.filter((line) => line.includes(`${second.address} (`)).length >= 2,
      );
      const again = await network.launch(second.name, second.port).listening();
      await until(
        'a connection',
        () => first.stdout.lastIndexOf('connected: ') > first.stdout.lastIndexOf('unreachable: '),
      );
      await untilFullMesh([first, again]);
    }));

  test('dials that are never answered end after five seconds, at most eight at a time', () =>
    withHostedNodes(async (network) => {
      const mute = network.keep(await MuteServers.open(20));
      const node = await network.startNode();
      await say(node.address, { type: 'HANDSHAKE', data: mute.addresses });
      await until('all to be dialled', () => mute.accepted >= 20);
      // By its own lines, which are in order: from outside, an end may be seen after the next dial.
      let [open, most] = [0, 0];
      for (const line of node.lines) {
        open += Number(line.includes('] dialling: ')) - Number(line.includes('] unreachable: '));
        most = Math.max(most, open);
      }
      // Five that it has heard of, and the one that its caller calls its own, while that is there.
      assert.ok(most === 5 || most === 6, `${most} at the same time`);
      assert.match(node.stdout, /unreachable: \S+ \(no answer in time\), again in/);
    }));

  test('forty known peers that take a connection and stay silent keep no newcomer waiting', () =>
    withHostedNodes(async (network) => {
      const mute = network.keep(await MuteServers.open(40));
      const node = await network.startNode('node-1', mute.addresses);
      await until('some to be dialled', () => mute.accepted >= 5);
      const newcomer = await network.startNode('node-2', [node.address]);
      await until('it to be dialled back', () =>
        node.stdout.includes(`] connected: ${newcomer.address}`),
      );
      const heard = node.lines.findIndex((line) =>
        line.includes(`handshake from: ${newcomer.address}`),
      );
      const dials = node.lines.slice(heard).filter((line) => line.includes('] dialling: '));
      assert.ok(heard > 0 && dials[0]?.includes(newcomer.address), `first of all, not ${dials[0]}`);
    }));

  test('of two spellings of a known peer, the one that leads to it is found', () =>
    withHostedNodes(async (network) => {
      const port = await freePort();
      await network.addNode('node-2', port, []);
      await network.write('node-2/.env', `PORT=${port}\nHOST=127.0.0.1\n`);
      await network.launch('node-2', port).listening();
      const spellings = [`ws://[::1]:${port}`, `ws://127.0.0.1:${port}`];
      const node = await network.startNode('node-1', spellings);
      await until('a connection', () => node.stdout.includes(`] connected: ${spellings[1]}`));
    }));
});
