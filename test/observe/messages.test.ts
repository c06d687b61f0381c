/** The frames that a node sends and receives, as it shows them to who asks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { askStatus } from '../support/client.js';
import {
  connectTo,
  floodWith,
  makeTransaction,
  transactionMessage,
  until,
} from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { openAnswer, visit } from '../support/http.js';
import { MessageReader } from '../support/message-reader.js';
import { withNetwork } from '../support/network.js';

test('a transaction is seen on its way in and out, with its id and its text', () =>
  withHostedNodes(async (network) => {
    const [first, second] = await network.startMesh(2);
    assert.ok(first && second);
    const reader = await MessageReader.open(first);
    await askStatus(first.address, makeTransaction('t'));
    const ofIt = () => reader.messages.filter(({ ids }) => ids.includes('t'));
    await until('three frames', () => ofIt().length === 3);
    const [came, ...others] = ofIt();
    assert.deepEqual(
      [came?.direction, came?.kind, came?.peer, came?.type],
      ['in', 'client', null, 'TRANSACTION'],
    );
    const frame = JSON.stringify(transactionMessage('t'));
    assert.deepEqual([came?.text, came?.bytes], [frame, frame.length]);
    const [relayed] = others.filter(({ type }) => type === 'TRANSACTION');
    const told = others.find(({ type }) => type === 'RECEIPT');
    assert.deepEqual(
      [relayed?.direction, relayed?.kind, relayed?.peer],
      ['out', 'node', second.address],
    );
    assert.deepEqual([told?.direction, told?.kind], ['out', 'client']);
    for (const each of others) assert.ok(Number(each.at) >= Number(came?.at), 'in their order');
    reader.close();
  }));

test('a connection that begins while somebody reads is seen from its first frame on', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const reader = await MessageReader.open(node);
    const other = await network.startNode('node-2', [node.address]);
    const first = (direction: string, connection: string) =>
      reader.messages.find(
        (each) => each.direction === direction && each.connection === connection,
      );
    await until(
      'both',
      () => ![first('in', 'inbound'), first('out', 'outbound')].includes(undefined),
    );
    for (const [shown, address] of [
      [first('in', 'inbound'), other.address],
      [first('out', 'outbound'), node.address],
    ] as const) {
      assert.equal(shown?.type, 'HANDSHAKE');
      assert.equal(JSON.parse(`${shown?.text}`).data[0], address);
    }
    reader.close();
    await reader.closed();
    assert.deepEqual(await askStatus(node.address, makeTransaction('after')), ['accepted']);
    await until('it there too', async () => (await other.pool()).length === 1);
  }));

test('whoever begins to read is told of what comes from then on', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    // With a reader there, frames wait for a moment to be told together.
    const other = await MessageReader.open(node);
    for (let round = 0; round < 5; round++) {
      await askStatus(node.address, makeTransaction(`before${round}`));
      const reader = await MessageReader.open(node);
      await askStatus(node.address, makeTransaction(`after${round}`));
      const tellsOf = (id: string) => reader.messages.some(({ ids }) => ids.includes(id));
      await until('it', () => tellsOf(`after${round}`));
      assert.ok(!tellsOf(`before${round}`));
      reader.close();
      await reader.closed();
    }
    other.close();
  }));

test('of a long frame the beginning is shown, and under load how many frames are not', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const reader = await MessageReader.open(node);
    const client = await connectTo(node.address);
    const long = JSON.stringify({
      type: 'TRANSACTION',
      data: { id: 'long', note: 'ü'.repeat(9000) },
    });
    client.send(long);
    await until('it', () => reader.messages.length === 1);
    const [seen] = reader.messages;
    assert.equal(seen?.bytes, Buffer.byteLength(long));
    assert.equal(
      Buffer.byteLength(`${seen?.text}`.replace('\uFFFD', '')) <= LIMITS.shownMessageBytes,
      true,
    );
    assert.ok(long.startsWith(`${seen?.text}`.replace(/\uFFFD$/, '')));
    client.send('nonsense');
    const count = 20 * LIMITS.shownMessages;
    for (let i = 0; i < count; i++) client.send(JSON.stringify(transactionMessage(`t${i}`)));
    await until(
      'all of them, shown or counted',
      () => reader.messages.length + reader.leftOut === count + 2,
    );
    assert.ok(reader.leftOut > 0 && reader.messages.length > LIMITS.shownMessages / 2);
    assert.deepEqual([reader.messages[1]?.type, reader.messages[1]?.text], [null, 'nonsense']);
    client.terminate();
    reader.close();
  }));

test('only so many may read at once', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    for (const [path, slots] of [
      ['/messages', LIMITS.messageStreams],
      ['/transactions?follow', LIMITS.lineStreams],
    ] as const) {
      const readers = [];
      for (let i = 0; i < slots; i++) readers.push(await openAnswer(node, path));
      const { status, body } = await visit(node, path);
      assert.deepEqual([status, body], [503, 'Too many are watching\n'], path);
      assert.equal((await visit(node, path, { method: 'HEAD' })).status, 200);
      for (const each of readers) each.destroy();
      await until('a free slot', async () => {
        const response = await openAnswer(node, path);
        response.destroy();
        return response.statusCode === 200;
      });
    }
  }));

test('a node leaves in peace while many read, and much comes', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const readers = await Promise.all(
      ['/messages', '/transactions?follow', '/events'].map((path) => openAnswer(node, path)),
    );
    for (const each of readers) each.on('error', () => {}).resume();
    const client = await connectTo(node.address);
    client.on('error', () => {});
    const flood = floodWith(client, 50, 1);
    await until('some', async () => (await node.pool()).length > 200);
    assert.equal(await node.end('SIGINT'), 0);
    clearInterval(flood);
    client.terminate();
    assert.equal(node.stderr, '');
    await until('the ends', () => readers.every((each) => each.destroyed || each.complete));
  }));
