/** The event stream of a node: what comes when, and what becomes of those who do not read it. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { addBlock } from '../support/block-maker.js';
import { Client, give, makeIds } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { checkMessages, hasSlot, MEMBERS, openUnread } from '../support/event-stream-checks.js';
import { connectRaw } from '../support/frames.js';
import { makeTransaction, say, transactionMessage, until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { withNetwork } from '../support/network.js';
import type { Named } from '../support/program.js';
import { statusOf } from '../support/status.js';

const STREAMS = 16;
const MESSAGES_PER_SECOND = 10;
const FLOOD = 6000;
const FLOOD_MS = 3000;

/** Sends a node a transaction, and waits until an event stream has it. */
async function isToldOf(told: Named, stream: EventStream, id: string): Promise<void> {
  await say(told.address, transactionMessage(id));
  const find = () =>
    stream.messages.find(({ data }) => data.transactions?.latest.some((each) => each.id === id));
  await until(`transaction ${id} in the event stream`, () => find() !== undefined);
}

describe('the event stream of a node', { concurrency: 3 }, () => {
  test('at first it has all that /status has, and later only what has changed', () =>
    withHostedNodes(async (network) => {
      const { node, peer } = await network.startNodeWithPeer();
      const stream = await EventStream.open(node);
      assert.match(String(stream.headers['content-type']), /^text\/event-stream\b/);
      assert.deepEqual(Object.keys(stream.messages[0]?.data ?? {}).sort(), MEMBERS);
      await give(node.address, ['a', 'b']);
      await until('both', () => stream.status.pool.transactions === 2);
      await addBlock(node);
      await until('a block', () => stream.status.chain.height === 1);
      await peer.close();
      await until('the peer to go', () => stream.status.network.links.length === 0);
      await until('the same as /status', async () => {
        const now = await statusOf(node);
        const { node: _, log, transactions, ...told } = stream.status;
        const same = { network: now.network, pool: now.pool, chain: now.chain };
        return isDeepStrictEqual(told, same) && isDeepStrictEqual(log, now.log);
      });
      checkMessages(stream);
      const chains = stream.messages.filter(({ data }) => 'chain' in data);
      assert.equal(chains.length, 2, 'the chain has changed once');
      stream.close();
    }));

  test('a node with nothing to tell says now and then that it is there', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const stream = await EventStream.open(node);
      await until('three messages', () => stream.messages.length > 3);
      const beats = stream.messages.slice(1);
      assert.ok(beats.every(({ data }) => `${Object.keys(data)}` === 'node'));
      const uptimes = stream.messages.flatMap(({ data }) => data.node?.uptimeMs ?? []);
      assert.deepEqual(
        uptimes,
        [...new Set(uptimes)].sort((a, b) => a - b),
      );
      checkMessages(stream);
      stream.close();
    }));

  test('a transaction is in the event streams of all nodes', () =>
    withHostedNodes(async (network) => {
      const nodes = (await network.startMesh(2)) as [HostedNode, HostedNode];
      const streams = await Promise.all(nodes.map((node) => EventStream.open(node)));
      for (const stream of streams) {
        for (const id of makeIds(`t${streams.indexOf(stream)} `, 5)) {
          await isToldOf(nodes[0], stream, id);
        }
      }
      for (const stream of streams) stream.close();
    }));

  test('whatever comes, there are at most ten messages a second, and the last has all', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const stream = await EventStream.open(node);
      const client = await Client.open(node.address);
      const startMs = performance.now();
      let sent = 0;
      while (sent < FLOOD || performance.now() - startMs < FLOOD_MS) {
        client.send(...makeIds(`flood ${sent} `, 100).map(makeTransaction));
        sent += 100;
        await client.received();
      }
      await until('all of them', () => stream.status.transactions.accepted === sent);
      client.socket.terminate();
      const times = stream.messages.map(({ atMs }) => atMs);
      for (const [index, atMs] of times.entries()) {
        const later = times[index + MESSAGES_PER_SECOND];
        assert.ok(later === undefined || later - atMs > 900, `${times}`);
      }
      const told = stream.messages.filter(({ data }) => 'transactions' in data);
      assert.ok(told.length >= FLOOD_MS / 1000, `${told.length} messages about transactions`);
      assert.equal(stream.status.transactions.latest[0]?.id, `flood ${sent - 100} 99`);
      checkMessages(stream);
      stream.close();
    }));

  test('there are sixteen event streams; one more is asked to come later, and finds a free slot then', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const streams: EventStream[] = [];
      for (let number = 0; number < STREAMS; number++) streams.push(await EventStream.open(node));
      for (let tries = 0; tries < 3; tries++) {
        const { status, headers } = await visit(node, '/events');
        assert.equal(status, 503);
        assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
      }
      assert.equal((await visit(node, '/status')).status, 200, 'that is no event stream');
      await say(node.address, transactionMessage('for all'));
      await until('all of them to be told', () =>
        streams.every(({ status }) => status.pool.transactions === 1),
      );
      const openAll = (count: number) =>
        until(`${count} free slots`, async () => {
          const some = Array.from({ length: count }, () =>
            EventStream.open(node).catch(() => undefined),
          );
          const opened = (await Promise.all(some)).filter((stream) => stream !== undefined);
          if (opened.length === count) streams.push(...opened);
          else for (const stream of opened) stream.close();
          return opened.length === count;
        });
      for (const stream of streams.splice(3, 2)) stream.close();
      await openAll(2);
      assert.equal(await hasSlot(node), false);
      for (const stream of streams.splice(0)) stream.close();
      await openAll(STREAMS);
      assert.equal(await hasSlot(node), false);
      for (const stream of streams) stream.close();
    }));

  test('event streams outlive a crowd of connections that ask for nothing', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const stream = await EventStream.open(node);
      const idle: Socket[] = [];
      for (let number = 0; number < 300; number++) idle.push(await connectRaw(node));
      for (const socket of idle) socket.resume();
      await until('some to be ended', () => idle.filter(({ closed }) => closed).length > 150);
      await isToldOf(node, stream, 'in a crowd');
      assert.ok(stream.isOpen);
      const late = await EventStream.open(node);
      assert.equal(late.status.pool.transactions, 1);
      for (const socket of idle) socket.destroy();
      for (const each of [stream, late]) each.close();
    }));

  test('a node that leaves ends all event streams at once, and does not wait for who reads them', () =>
    withNetwork(async (network) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        const node = await network.startNode();
        const streams = [await EventStream.open(node), await EventStream.open(node)];
        const unread = await openUnread(node);
        await give(node.address, makeIds('t', 100));
        // One that waited for a reader would run into its limit, say so, and end with 1.
        assert.equal(await node.end(signal), 0);
        for (const stream of streams) await stream.closed();
        assert.equal(node.stderr, '');
        unread.destroy();
      }
    }));

  test('an event stream is ended before the last peer has said goodbye', () =>
    withNetwork(async (network) => {
      const { node, peer } = await network.startNodeWithPeer();
      const stream = await EventStream.open(node);
      // It keeps the node waiting for an answer to its close frame.
      peer.openCallers[0]?.socket.pause();
      node.process.kill('SIGINT');
      await stream.closed();
      assert.ok(node.isRunning, 'it still waits for its peer');
      assert.equal((await node.result()).code, 0);
    }));
});
