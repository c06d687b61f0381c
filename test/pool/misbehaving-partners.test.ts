import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../lib/limits.js';
import type { Request } from '../../lib/pool/reconciliation-session.js';
import { keyOf } from '../../lib/wire/key.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { manyFrame } from '../../lib/wire/transaction-messages.js';
import { freePort, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { type Answerer, honest, MeshPeer } from '../support/mesh-peer.js';
import { isUnharmedBy, startWith, texts } from '../support/partners.js';

const truth = honest(texts('theirs', 'theirs too'));
const butFor =
  (type: Request['type'], answer: Answerer): Answerer =>
  (request) =>
    request.type === type ? answer(request) : truth(request);
const digests = (count: number) =>
  reconciliationFrame({ type: 'NODES', data: Array(count).fill(randomBytes(128)) });
const delivery = (...ids: string[]) => manyFrame('TRANSACTIONS', texts(...ids)).toString();
const key = () => randomBytes(12).toString('latin1');

for (const [what, line, answer] of [
  ['digests of more nodes than were asked for', 'digests of other nodes', () => digests(2)],
  ['digests of no node', 'digests of other nodes', () => digests(0)],
  [
    'digests that are too short',
    'NODES data that does not fit',
    () => '{"type":"NODES","data":["AAAA"]}',
  ],
  [
    'keys instead of digests',
    'KEYS for an answer',
    () => reconciliationFrame({ type: 'KEYS', data: { keys: [] } }),
  ],
  [
    'one page of keys for ever',
    'the same keys again',
    butFor('GET_KEYS', () => reconciliationFrame({ type: 'KEYS', data: { keys: [], next: 0 } })),
  ],
  [
    'keys without transactions',
    'keys, but not their',
    butFor('GET_TRANSACTIONS', () => delivery()),
  ],
  [
    'other transactions',
    'not asked for',
    butFor('GET_TRANSACTIONS', () => delivery('theirs', 'other')),
  ],
  [
    'a transaction twice',
    'not asked for',
    butFor('GET_TRANSACTIONS', () => delivery('theirs', 'theirs')),
  ],
  [
    'what is no transaction',
    'other than transactions',
    butFor('GET_TRANSACTIONS', () => '{"type":"TRANSACTIONS","data":[{"id":"theirs"},{"id":""}]}'),
  ],
  ['no JSON', 'not a JSON object', () => 'digests'],
] as [string, string, Answerer][]) {
  test(`a partner that answers with ${what} gets a line, and nothing into the pool`, () =>
    withHostedNodes(async (network) => {
      const { node } = await startWith(network, answer, ['ours']);
      await isUnharmedBy(node, ['ours'], () =>
        until('a line about it', () => node.lines.some((each) => each.includes(line))),
      );
    }));
}

test('a partner that answers with digests at random is told what we have, and that is all', () =>
  withHostedNodes(async (network) => {
    const pool = Array.from({ length: 2000 }, (_, i) => `ours ${i}`);
    const { node, partner } = await startWith(
      network,
      (request) =>
        request.type === 'GET_NODES'
          ? digests(request.data.length)
          : reconciliationFrame({ type: 'KEYS', data: { keys: [] } }),
      pool,
    );
    await isUnharmedBy(node, pool, () =>
      until('an offer', () => partner.asked('OFFER_KEYS') === 1),
    );
    // 19 pages of digests, and 64 nodes a page of keys.
    const most = 19 + (256 + 4096 + 65_536) / 64;
    assert.ok(partner.heard.length < most, `${partner.heard.length} requests`);
  }));

test('transactions that nobody asked for are not taken, nor other answers', () =>
  withHostedNodes(async (network) => {
    const { node, partner } = await startWith(network, truth);
    await until('the node to have all', async () => (await node.pool()).length === 2);
    await isUnharmedBy(node, ['theirs', 'theirs too'], async () => {
      const dialled = await partner.dial(node.address);
      for (const send of [partner.say.bind(partner), dialled.send.bind(dialled)]) {
        for (const frame of [
          delivery('other'),
          digests(1),
          reconciliationFrame({ type: 'KEYS', data: { keys: [key()] } }),
        ]) {
          send(frame);
        }
      }
    });
  }));

/** Has a node that compares with such a partner hear of an honest one. */
async function comparesWithNext(answer: Answerer): Promise<void> {
  await withHostedNodes(async (network) => {
    const { node } = await startWith(network, answer);
    const next = network.keep(await MeshPeer.open(truth));
    await say(node.address, { type: 'HANDSHAKE', data: [next.address] });
    const isThere = async () => (await node.pool()).length === 2;
    await until('what the honest one has', isThere, 40_000);
  });
}

test('a partner that never answers, or slowly and for ever, does not delay the other comparisons', async () => {
  await Promise.all([
    comparesWithNext(() => undefined),
    comparesWithNext(
      butFor('GET_KEYS', async (request) => {
        await sleep(200);
        const from = request.type === 'GET_KEYS' ? request.data.from : 0;
        return reconciliationFrame({ type: 'KEYS', data: { keys: [], next: from + 1 } });
      }),
    ),
  ]);
});

test('a partner that leaves without an answer does not keep others waiting', () =>
  withHostedNodes(async (network) => {
    const { node, partner } = await startWith(network, () => undefined);
    const next = network.keep(await MeshPeer.open(truth));
    await say(node.address, { type: 'HANDSHAKE', data: [next.address] });
    await until('a connection', () => next.asked('HANDSHAKE') > 0);
    await partner.close();
    await until('what the next one has', async () => (await node.pool()).length === 2);
  }));

test('a partner that has broken the rules is asked for nothing for a while, whatever it offers', () =>
  withHostedNodes(async (network) => {
    const { node, partner } = await startWith(network, () => digests(2));
    await until('a line about it', () => node.stdout.includes('not reconciled: '));
    for (let i = 0; i < 10; i++)
      partner.say(reconciliationFrame({ type: 'OFFER_KEYS', data: [key()] }));
    partner.say(
      reconciliationFrame({ type: 'OFFER_KEYS', data: Array.from({ length: LIMITS.keys }, key) }),
    );
    await isUnharmedBy(node, [], () => sleep(500));
    const asked = partner.heard.filter((text) => text.startsWith('{"type":"GET_'));
    assert.equal(asked.length, 1, asked.join());
  }));

test('one who was not asked cannot answer for another', () =>
  withHostedNodes(async (network) => {
    let answerNow = () => {};
    const isTime = new Promise<void>((done) => {
      answerNow = done;
    });
    const { node, partner } = await startWith(network, (request) =>
      isTime.then(() => truth(request)),
    );
    const misbehaving = network.keep(await MeshPeer.open(() => undefined));
    const socket = await misbehaving.dial(node.address);
    socket.send(digests(2));
    socket.send(JSON.stringify(transactionMessage('from the misbehaving peer')));
    await until('the node to have heard it', async () => (await node.pool()).length === 1);
    answerNow();
    await until('what the partner has', async () => (await node.pool()).length === 3);
    assert.equal(partner.asked('GET_NODES'), 1);
    assert.ok(!node.stdout.includes('not reconciled'), node.stdout);
  }));

test('a partner that offers again and again before it has answered is asked for one offer', () =>
  withHostedNodes(async (network) => {
    let answerNow = () => {};
    const isTime = new Promise<void>((done) => {
      answerNow = done;
    });
    const ids = Array.from({ length: 100 }, (_, i) => `offered ${i}`);
    const all = honest(texts(...ids));
    const { node, partner } = await startWith(network, async (request) => {
      if (request.type === 'GET_NODES') return honest([])(request);
      await isTime;
      return all(request);
    });
    for (const id of ids)
      partner.say(reconciliationFrame({ type: 'OFFER_KEYS', data: [keyOf(id)] }));
    await until('a request', () => partner.asked('GET_TRANSACTIONS') === 1);
    answerNow();
    await until('the first one', async () => (await node.pool()).length > 0);
    await sleep(500);
    assert.equal(partner.asked('GET_TRANSACTIONS'), 1);
  }));

test('a node whose pool is full asks no further for what it has no room for', () =>
  withHostedNodes(async (network) => {
    const ids = Array.from({ length: 5000 }, (_, i) => `theirs ${i}`);
    const partner = network.keep(await MeshPeer.open(honest(texts(...ids))));
    const port = await freePort();
    await network.addNode('node-1', port, [partner.address]);
    await network.write('node-1/.env', `PORT=${port}\nMAX_POOL_BYTES=20000\n`);
    const node = await network.launch('node-1', port).listening();
    await until('a line about it', () =>
      /(not )?reconciled: .*(more than our pool can take|transactions that we lacked)/.test(
        node.stdout,
      ),
    );
    assert.equal(partner.asked('GET_TRANSACTIONS'), 1);
    assert.match(node.stdout, /not reconciled: .*more than our pool can take/);
  }));
