/** What a node answers about its chain, and to whom. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { GENESIS } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';
import type { Block } from '../../lib/wire/block.js';
import { getLatestBlockFrame, type Locator, locatorFrame } from '../../lib/wire/block-messages.js';
import {
  blocksFileOf,
  type Chain,
  fileOf,
  grow,
  growBy,
  locatorOf,
  startWithChain,
  text,
  tipOf,
  trunkTo,
  untilChainIs,
} from '../support/chain.js';
import { ChainClient } from '../support/chain-client.js';
import {
  blocksAnswer,
  ChainPeer,
  following,
  headersAnswer,
  latestBlockAnswer,
} from '../support/chain-peer.js';
import { askStatus } from '../support/client.js';
import { connectTo, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';

const pad = 'x'.repeat(60_000);
/** A block that is as large as one can be: what is around its text takes the rest. */
const full = ['f1', 'f2', 'f3', 'f4'].map((id) => text(id, pad));
const rest =
  LIMITS.blockBytes - Buffer.byteLength(tipOf(grow([GENESIS], [...full, text('f5')])).json);
const large = ['l1', 'l2', 'l3', 'l4', 'l5', 'l6'].map((id) => [text(id, pad), text(`${id}b`)]);
const chain = grow(
  [GENESIS],
  ['first'].map((id) => text(id)),
  [...full, text('f5', 'x'.repeat(rest))],
  ...large,
  ...Array.from({ length: LIMITS.headers }, () => []),
);
const genesis: Locator = [{ height: 0, hash: GENESIS.hash }];

/** All that there is to be asked for, and to be said unasked, about blocks: with a longer chain. */
const longer = grow(trunkTo(5), [text('included')]);
const blockFrames = [
  getLatestBlockFrame(),
  locatorFrame('GET_BLOCKS', genesis),
  locatorFrame('GET_HEADERS', genesis),
  latestBlockAnswer(tipOf(longer)),
  blocksAnswer(longer.slice(-1)),
  headersAnswer(longer.slice(-1)),
];

test('a node answers each locator with what follows the first block in it that is in its chain', () =>
  withHostedNodes(async (network) => {
    const own = growBy(trunkTo(5), 4, 'ours');
    const fork = growBy(trunkTo(5), 4, 'theirs');
    const node = await startWithChain(network, own);
    const client = await ChainClient.open(node.address);
    assert.equal(await client.ask(getLatestBlockFrame()), latestBlockAnswer(tipOf(own)));
    const locators: [Locator, Chain][] = [
      [[], []],
      [genesis, own.slice(1)],
      [locatorOf(own, 9), []],
      [locatorOf(own, 8), own.slice(9)],
      [locatorOf(own, 9, 8, 7, 5, 1, 0), []],
      [locatorOf(fork, 9, 8, 7, 5, 1, 0), own.slice(6)],
      [[...locatorOf(fork, 9, 8), ...locatorOf(own, 7)], own.slice(8)],
      [locatorOf(fork, 9, 8, 7, 6), []],
      [locatorOf(own, 2, 7, 0), own.slice(3)],
      [[{ height: 7, hash: '0'.repeat(64) }], []],
      [[{ height: 4, hash: (own[6] as (typeof own)[0]).hash }], []],
      [[{ height: 10, hash: tipOf(own).hash }], []],
      [[{ height: Number.MAX_SAFE_INTEGER, hash: tipOf(own).hash }, ...genesis], own.slice(1)],
      [Array(LIMITS.locatorEntries).fill(locatorOf(own, 6)[0]), own.slice(7)],
    ];
    for (const [locator, next] of locators) {
      const what = JSON.stringify(locator);
      assert.equal(await client.blocks(locator), blocksAnswer(next), what);
      assert.equal(await client.headers(locator), headersAnswer(next), what);
    }
    client.close();
  }));

test('a longer answer ends with the last block that fits, and is one block at least', () =>
  withHostedNodes(async (network) => {
    const node = await startWithChain(network, chain);
    const client = await ChainClient.open(node.address);
    const sizes: number[] = [];
    for (let at = 0; at < chain.length - 1; ) {
      const answer = await client.blocks(locatorOf(chain, at));
      const { length } = JSON.parse(answer).data;
      const page = chain.slice(at + 1, at + 1 + length);
      assert.equal(answer, blocksAnswer(page));
      assert.ok(length === 1 || bytesOf(page) <= LIMITS.answerBytes, `${bytesOf(page)} bytes`);
      const more = chain.slice(at + 1, at + 2 + length);
      assert.ok(more.length === length || bytesOf(more) > LIMITS.answerBytes * 0.99);
      sizes.push(length);
      at += length;
    }
    assert.deepEqual(sizes.slice(0, 3), [1, 1, 4]);
    assert.equal(Buffer.byteLength((chain[2] as (typeof chain)[0]).json), LIMITS.blockBytes);
    const first = chain.slice(1, 1 + LIMITS.headers);
    assert.equal(await client.headers(genesis), headersAnswer(first));
    const last = locatorOf(chain, LIMITS.headers);
    assert.equal(await client.headers(last), headersAnswer(following(chain, last)));
    client.close();
  }));

test('a node answers no plain client, and takes nothing from it, and says nothing to a plain peer', () =>
  withHostedNodes(async (network) => {
    const own = trunkTo(5);
    const plain = await network.trap();
    const node = await startWithChain(network, own, [plain.address]);
    await until('a connection', () => plain.received('HANDSHAKE').length > 0);
    const client = await connectTo(node.address);
    const heard: string[] = [];
    client.on('message', (data) => heard.push(data.toString()));
    for (const say of [client, plain.callers[0]?.socket]) {
      for (const frame of blockFrames) say?.send(frame);
      // To one who does not know them, the names of our messages are free.
      for (const frame of blockFrames) {
        say?.send(JSON.stringify({ type: JSON.parse(frame).type, data: ['of', 'its', 'own'] }));
      }
    }
    client.send('{"type":"TRANSACTION","data":{"id":"last"}}');
    plain.callers[0]?.socket.send('{"type":"TRANSACTION","data":{"id":"last of the peer"}}');
    await until('the last ones', async () => (await node.pool()).length === 2);
    assert.equal(await blocksFileOf(node), fileOf(own));

    // From one who may tell, it is taken; and the plain one is not told.
    const teller = network.keep(await ChainPeer.open(longer));
    await teller.dial(node.address);
    teller.announce();
    await untilChainIs(node, longer);
    assert.deepEqual(await askStatus(node.address, { id: 'included' }), ['known']);
    assert.deepEqual(heard, []);
    const types = plain.callers
      .flatMap(({ frames }) => frames)
      .map((each) => JSON.parse(each).type);
    assert.deepEqual(new Set(types), new Set(['HANDSHAKE', 'TRANSACTION']));
    assert.ok(!node.stdout.includes('refused'), node.stdout);
    client.terminate();
  }));

test('a second request before the answer is ignored, and the next one after it is answered', () =>
  withHostedNodes(async (network) => {
    const node = await startWithChain(network, chain);
    const client = await ChainClient.open(node.address);
    const requests = 300;
    for (let i = 0; i < requests / 3; i++) {
      client.socket.send(locatorFrame('GET_BLOCKS', locatorOf(chain, 1)));
      client.socket.send(locatorFrame('GET_HEADERS', genesis));
      client.socket.send(getLatestBlockFrame());
    }
    const other = await ChainClient.open(node.address);
    assert.equal((await other.latest()).hash, tipOf(chain).hash);
    await until('an answer', () => client.heard.length > 0);
    // It comes after all that is answered of the others.
    let latest = '';
    await until('the last answer', async () => {
      latest = await client.ask(getLatestBlockFrame());
      return latest === latestBlockAnswer(tipOf(chain));
    });
    assert.ok(client.heard.length < requests / 3, `${client.heard.length} answers`);
    client.close();
    other.close();
  }));

test('requests and blocks that are none are malformed: the third closes the connection', () =>
  withHostedNodes(async (network) => {
    const node = await startWithChain(network, trunkTo(5));
    const before = await blocksFileOf(node);
    const [name] = locatorOf(trunkTo(5), 5);
    const block = tipOf(longer);
    const malformed = [
      ['GET_BLOCKS', null],
      ['GET_BLOCKS', Array(LIMITS.locatorEntries + 1).fill(name)],
      ['GET_HEADERS', [{ ...name, height: -1 }]],
      ['GET_HEADERS', [{ ...name, height: 1.5 }]],
      ['GET_BLOCKS', [{ ...name, hash: name?.hash.toUpperCase() }]],
      ['GET_BLOCKS', [name?.hash]],
      ['LATEST_BLOCK', null],
      ['LATEST_BLOCK', { ...block, timestamp: `${block.timestamp}` }],
      ['LATEST_BLOCK', { ...block, nonce: -1 }],
      ['LATEST_BLOCK', { ...block, height: 6.5 }],
      ['LATEST_BLOCK', { ...block, hash: block.hash.slice(1) }],
      ['LATEST_BLOCK', { ...block, transactions: undefined }],
      ['LATEST_BLOCK', { ...block, transactions: ['included'] }],
      ['LATEST_BLOCK', { ...block, transactions: [{ id: '' }] }],
      ['BLOCKS', {}],
      ['BLOCKS', [null]],
      ['HEADERS', Array(LIMITS.headers + 1).fill(block)],
      ['HEADERS', [{}]],
    ] as const;
    for (const [type, data] of malformed) {
      const client = await ChainClient.open(node.address);
      const closed = new Promise((done) => {
        client.socket.once('close', (code, reason) => done(`${code} ${reason}`));
      });
      const frame = JSON.stringify({ type, data });
      for (let i = 0; i < LIMITS.malformedFrames; i++) client.socket.send(frame);
      assert.equal(await closed, '1008 too many malformed messages', frame.slice(0, 200));
      assert.deepEqual(client.heard, []);
    }
    assert.equal(await blocksFileOf(node), before);
  }));

function bytesOf(blocks: Chain): number {
  return Buffer.byteLength(blocks.map(({ json }) => json).join(''));
}

test('blocks can be asked for as soon as they are announced', () =>
  withHostedNodes(async (network) => {
    const known = trunkTo(2);
    const all = growBy(known, 5, 'new');
    let asking: WebSocket | undefined;
    const answers: string[] = [];
    const listener = network.keep(
      await MeshPeer.open(honest([]), undefined, (said) => {
        const { type } = JSON.parse(said);
        if (type === 'LATEST_BLOCK') asking?.send(locatorFrame('GET_BLOCKS', locatorOf(known, 2)));
        else if (type === 'BLOCKS') answers.push(said);
      }),
    );
    const node = await startWithChain(network, known, [listener.address]);
    asking = await listener.dial(node.address);
    await until('a connection', () => node.stdout.includes('connected: '));
    for (const [i, block] of all.entries()) {
      if (i < known.length) continue;
      await announceTo(node.address, block);
      await until('an answer', () => answers.length === i - known.length + 1);
      assert.equal(answers.at(-1), blocksAnswer(all.slice(known.length, i + 1)));
    }
  }));

/** Announces a block as add-block does. */
async function announceTo(address: string, block: Block): Promise<void> {
  const client = await ChainClient.open(address);
  client.socket.send(latestBlockAnswer(block));
  assert.equal((await client.latest()).hash, block.hash);
  client.close();
}
