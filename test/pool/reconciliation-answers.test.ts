/** What a node answers to another one that asks about its pool. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { LIMITS } from '../../lib/limits.js';
import type { Request } from '../../lib/pool/reconciliation-session.js';
import { keyOf } from '../../lib/wire/key.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { manyFrame } from '../../lib/wire/transaction-messages.js';
import { give } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import {
  DEADLINE_MS,
  freePort,
  say,
  transactionMessage,
  until,
  within,
} from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import { type Network, withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';

test('a node answers one that recognises it, each request on the connection it came over', () =>
  withHostedNodes(async (network) => {
    const answer = honest(['{"id":"first"}']);
    const partner = network.keep(await MeshPeer.open(answer));
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write('node-1/transactions.json', '[{"id":"first"}]');
    const node = await network.launch('node-1', port).listening();
    const socket = await partner.dial(node.address);
    const answers: string[] = [];
    socket.on('message', (data) => answers.push(data.toString()));
    const requests: Request[] = [
      { type: 'GET_NODES', data: ['', '0', 'fff'] },
      { type: 'GET_KEYS', data: { nodes: [''], from: 0 } },
      { type: 'GET_KEYS', data: { nodes: [''], from: 7 } },
      { type: 'GET_TRANSACTIONS', data: [keyOf('first'), keyOf('never seen')] },
    ];
    for (const [index, request] of requests.entries()) {
      socket.send(reconciliationFrame(request));
      await until('an answer', () => answers.length > index);
      assert.equal(answers[index], answer(request));
    }
  }));

test('what is on its way to a node is not listed for it; what came before it was there, is', () =>
  withHostedNodes(async (network) => {
    const partner = network.keep(await MeshPeer.open(honest([])));
    const node = await network.startNode();
    await give(node.address, ['before']);
    await say(node.address, { type: 'HANDSHAKE', data: [partner.address] });
    await until('a connection', () => partner.asked('HANDSHAKE') > 0);
    const socket = await partner.dial(node.address);
    const list = () => ask(socket, { type: 'GET_KEYS', data: { nodes: [''], from: 0 } });
    const listOf = (...ids: string[]) =>
      reconciliationFrame({ type: 'KEYS', data: { keys: ids.map(keyOf) } });
    assert.equal(await list(), listOf('before'));
    const behind: string[] = [];
    // A second later it is listed, and a second may pass before we ask.
    await until('a list without the latest', async () => {
      const id = `behind ${behind.length}`;
      behind.push(id);
      await give(node.address, [id]);
      return !(await list()).includes(Buffer.from(keyOf(id), 'latin1').toString('base64'));
    });
    await until('all to be listed', async () => (await list()) === listOf('before', ...behind));
  }));

test('what is not on disk is neither listed nor sent, until it is', ON_LINUX, () =>
  withNetwork(async (network) => {
    const { node, socket } = await startAsked(network, '[{"id":"old"}]');
    await limitFileSize(node, '14');
    await say(node.address, transactionMessage('new'));
    await until('a refusal', () => node.stdout.includes('not saved: '));
    const list = () => ask(socket, { type: 'GET_KEYS', data: { nodes: [''], from: 0 } });
    const fetch: Request = { type: 'GET_TRANSACTIONS', data: [keyOf('new'), keyOf('old')] };
    assert.equal(
      await list(),
      reconciliationFrame({ type: 'KEYS', data: { keys: [keyOf('old')] } }),
    );
    assert.equal(await ask(socket, fetch), manyFrame('TRANSACTIONS', ['{"id":"old"}']).toString());
    await limitFileSize(node, 'unlimited');
    const both = reconciliationFrame({
      type: 'KEYS',
      data: { keys: [keyOf('old'), keyOf('new')] },
    });
    await until('both to be listed', async () => (await list()) === both);
  }),
);

test('an answer holds as much as it may, in the order that was asked for', () =>
  withHostedNodes(async (network) => {
    const texts = Array.from({ length: 100 }, (_, id) =>
      JSON.stringify({ id, pad: 'x'.repeat(20_000) }),
    );
    const { socket } = await startAsked(network, `[${texts.join()}]`);
    const data = texts.map((_, id) => keyOf(id)).reverse();
    const answer = await ask(socket, { type: 'GET_TRANSACTIONS', data });
    const fit = Math.floor(LIMITS.answerBytes / (texts[99] as string).length);
    const expected = texts.slice(-fit).reverse();
    assert.equal(answer, manyFrame('TRANSACTIONS', expected).toString());
  }));

test('too many requests are answered later: 512 at once, then 256 a second', () =>
  withHostedNodes(async (network) => {
    const { socket } = await startAsked(network, '[]');
    const startMs = performance.now();
    for (let i = 0; i < 1024; i++) await ask(socket, { type: 'GET_NODES', data: [''] });
    const ms = performance.now() - startMs;
    assert.ok(ms > 1900, `${ms} ms`);
  }));

test('of a transaction that a person wrote into the pool twice, others see one', () =>
  withHostedNodes(async (network) => {
    const { socket } = await startAsked(network, '[{"id":"a"},{"id":"a","n":2},{"id":"b"}]');
    const data = [keyOf('b'), keyOf('a')];
    const answer = await ask(socket, { type: 'GET_TRANSACTIONS', data });
    assert.equal(answer, '{"type":"TRANSACTIONS","data":[\n{"id":"b"},\n{"id":"a"}\n]}');
  }));

/** A node with this pool, and a connection to it, over which a node of our kind may ask. */
async function startAsked<N extends RunningNode>(
  network: Network<N>,
  pool: string,
): Promise<{ node: N; socket: WebSocket }> {
  const port = await freePort();
  await network.addNode('node-1', port, []);
  await network.write('node-1/transactions.json', pool);
  const node = await network.launch('node-1', port).listening();
  const partner = network.keep(await MeshPeer.open(honest([])));
  return { node, socket: await partner.dial(node.address) };
}

async function ask(socket: WebSocket, request: Request): Promise<string> {
  const answer = new Promise<string>((done) => {
    socket.once('message', (data) => done(data.toString()));
  });
  socket.send(reconciliationFrame(request));
  return within(DEADLINE_MS, answer);
}
