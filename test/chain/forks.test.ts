/** What a node does when others have another chain than it has. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { WebSocket } from 'ws';
import { GENESIS } from '../../lib/chain/block.js';
import { addBlock } from '../support/block-maker.js';
import {
  blockFilesOf,
  blocksFileOf,
  type Chain,
  fileOf,
  grow,
  growBy,
  nextBlock,
  startWithChain,
  text,
  tipOf,
  trunkTo,
  untilChainIs,
} from '../support/chain.js';
import { readChain } from '../support/chain-checks.js';
import { ChainClient } from '../support/chain-client.js';
import {
  blocksAnswer,
  ChainPeer,
  following,
  headersAnswer,
  latestBlockAnswer,
} from '../support/chain-peer.js';
import { askStatus } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import { say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { type Network, withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { untilStatus } from '../support/status.js';

/** A chain that is longer than ours by one, each from genesis, and long enough to be kept. */
const [ours, theirs] = [growBy([GENESIS], 101, 'ours'), growBy([GENESIS], 102, 'theirs')];

/** A node with a chain, and a peer with another one that it has announced to it. */
async function startAgainst<N extends RunningNode>(
  network: Network<N>,
  own: Chain,
  other: Chain,
  pool: readonly string[] = [],
  name?: string,
): Promise<{ node: N; peer: ChainPeer; socket: WebSocket }> {
  const node = await startWithChain(network, own, [], pool, name);
  const peer = network.keep(await ChainPeer.open(other));
  return { node, peer, socket: await peer.dial(node.address) };
}

/** The copies of abandoned chains in the folder of a node. */
async function copiesOf(node: RunningNode): Promise<string[]> {
  return (await blockFilesOf(node)).filter((name) => /^blocks\.json\.\d/.test(name));
}

test('of two chains that are equally long each node keeps its own, and the next block decides', () =>
  withHostedNodes(async (network) => {
    const [own, other] = [growBy(trunkTo(3), 2, 'ours'), growBy(trunkTo(3), 3, 'theirs')];
    const { node, peer, socket } = await startAgainst(network, own, other.slice(0, 6));
    peer.announce();
    peer.announce(other[4]);
    await peer.untilRead(socket);
    assert.deepEqual(peer.asked('LATEST_BLOCK')[0]?.data, JSON.parse(tipOf(own).json));
    assert.deepEqual(peer.asked('GET_BLOCKS'), []);
    assert.equal(await blocksFileOf(node), fileOf(own));

    peer.announce();
    const theirs = tipOf(other.slice(0, 6)).hash;
    const told = () => node.lines.filter((line) => line.includes('] another block: '));
    await until('a line about it', () => told().length > 0);
    const what = `is at 5 (${theirs.slice(0, 8)}…), we are at ${tipOf(own).hash.slice(0, 8)}…`;
    assert.deepEqual(told(), [
      `[${node.port}] another block: ${peer.address} ${what}: the next block decides`,
    ]);

    peer.chain = other;
    peer.announce();
    await untilChainIs(node, other);
    await until('a line about it', () =>
      / reorganised: blocks 4 to 5 replaced by (blocks )?4 to 6/.test(node.stdout),
    );
  }));

test('two nodes at different blocks of one height show each other so, until one is overruled', () =>
  withHostedNodes(async (network) => {
    const first = await network.startNode();
    await addBlock(first);
    const second = await network.startNode('node-2');
    await addBlock(second);
    // Only now each hears of the other.
    await say(first.address, { type: 'HANDSHAKE', data: [second.address] });
    for (const [node, its] of [
      [first, second],
      [second, first],
    ] as const) {
      const { hash } = tipOf(readChain(await blocksFileOf(its)));
      const others = [{ address: its.address, hash }];
      await untilStatus(node, 'both', ({ chain }) => isDeepStrictEqual(chain.others, others));
    }
    await addBlock(second);
    for (const node of [first, second]) {
      await untilStatus(node, 'one chain', ({ chain }) => {
        return chain.height === 2 && chain.others.length === 0;
      });
    }
  }));

test('a fork with more work is taken whole, and the transactions go where they belong', () =>
  withHostedNodes(async (network) => {
    const common = grow(trunkTo(2), [text('common')]);
    const own = grow(common, [text('both'), text('ours 1')], [text('ours 2'), text('ours 3')]);
    const other = grow(common, [text('theirs'), text('pooled')], [text('both')], []);
    const pool = [text('pooled'), text('open')];
    const { node, peer } = await startAgainst(network, own, other, pool);
    peer.announce();
    await untilChainIs(node, other);
    let ids: unknown[] = [];
    await until(
      () => `the transactions to be back in the pool; there are ${ids}`,
      async () => {
        ids = (await node.pool()).map(({ id }) => id);
        return ids.length === 4;
      },
    );
    assert.deepEqual(ids.sort(), ['open', 'ours 1', 'ours 2', 'ours 3']);
    assert.ok((await node.poolText()).includes(text('ours 1')), 'each with its very text');
    assert.match(
      node.stdout,
      new RegExp(
        ` reorganised: blocks 4 to 5 replaced by (blocks )?4 to 6, from ${peer.address}, 3 transactions .*back in the pool\n`,
      ),
    );
    const again = ['both', 'theirs', 'pooled', 'common', 'ours 1', 'fresh'].map((id) => ({ id }));
    const statuses = await askStatus(node.address, ...again);
    assert.deepEqual(statuses, [...Array(5).fill('known'), 'accepted']);

    // What is back in the pool may be included in the new chain.
    peer.chain = grow(other, [text('ours 1'), text('ours 3')]);
    peer.announce();
    await untilChainIs(node, peer.chain);
    await until('the pool to be without', async () => (await node.pool()).length === 3);
    ids = (await node.pool()).map(({ id }) => id);
    assert.deepEqual(ids.sort(), ['fresh', 'open', 'ours 2']);
  }));

test('a chain that has come by a fork is announced, answered with, and there after a start', () =>
  withNetwork(async (network) => {
    const [own, other] = [growBy(trunkTo(3), 2, 'ours'), growBy(trunkTo(3), 5, 'theirs')];
    const witness = network.keep(await ChainPeer.open(own));
    let node = await startWithChain(network, own, [witness.address]);
    await until('a witness', () => witness.asked('GET_LATEST_BLOCK').length > 0);
    const peer = network.keep(await ChainPeer.open(other));
    await peer.dial(node.address);
    peer.announce();
    await untilChainIs(node, other);
    await until('an announcement', () => witness.asked('LATEST_BLOCK').length > 0);
    const announced = witness.asked('LATEST_BLOCK').at(-1)?.data;
    assert.deepEqual(announced, JSON.parse(tipOf(other).json));
    node = await network.restart(await node.end().then(() => node));
    const client = await ChainClient.open(node.address);
    const answer = await client.blocks([{ height: 0, hash: GENESIS.hash }]);
    assert.equal(answer, blocksAnswer(other.slice(1)));
    client.close();
  }));

test('a fork is taken from one who gives little at a time, of headers and blocks', () =>
  withHostedNodes(async (network) => {
    const [own, other] = [growBy(trunkTo(4), 10, 'ours'), growBy(trunkTo(4), 13, 'theirs')];
    const { node, peer } = await startAgainst(network, own, other);
    peer.lies.GET_BLOCKS = (locator) => blocksAnswer(following(other, locator).slice(0, 2));
    peer.lies.GET_HEADERS = (locator) => headersAnswer(following(other, locator).slice(0, 3));
    peer.announce();
    await untilChainIs(node, other);
    // All headers that it takes to have more work come before the blocks from the fork on.
    const types = peer.heard.map(({ type }) => type);
    const [first, last] = [types.indexOf('GET_HEADERS'), types.lastIndexOf('GET_HEADERS')];
    assert.ok(first > 0 && last >= first + 2, `${types}`);
    assert.ok(!types.slice(first, last).includes('GET_BLOCKS'), `${types}`);
    assert.ok(types.length > last + 5, `${types}`);
  }));

test('a fork with less work than it says costs a page of blocks, the headers, and nothing more', () =>
  withHostedNodes(async (network) => {
    const own = growBy(trunkTo(3), 6, 'ours');
    for (const length of [1, 5, 6]) {
      const other = growBy(trunkTo(3), length, 'theirs');
      const name = `node-${length}`;
      const { node, peer, socket } = await startAgainst(network, own, other, [], name);
      // By itself there is nothing wrong with it.
      const boast = nextBlock(other, [], { height: 1000, previousHash: 'f'.repeat(64) });
      peer.announce(boast);
      await until('a line about it', () => node.stdout.includes(' not synchronised: '));
      assert.equal(peer.asked('GET_BLOCKS').length, 1);
      const headers = peer.asked('GET_HEADERS');
      assert.ok(headers.length >= 1 && headers.length <= 2, `${headers.length} requests`);
      // It is asked for nothing more for a while, and neither dropped nor forgotten.
      peer.announce(boast);
      await peer.untilRead(socket);
      assert.equal(peer.asked('LATEST_BLOCK').length, 1);
      assert.equal(peer.asked('GET_BLOCKS').length, 1);
      assert.equal(await blocksFileOf(node), fileOf(own));
    }
  }));

test('a fork that grows less long than its headers said leaves ours as it is', () =>
  withHostedNodes(async (network) => {
    const [own, other] = [growBy(trunkTo(3), 6, 'ours'), growBy(trunkTo(3), 9, 'theirs')];
    const { node, peer } = await startAgainst(network, own, other);
    peer.lies.GET_BLOCKS = (locator) => blocksAnswer(following(other.slice(0, 7), locator));
    peer.announce();
    await until('a line about it', () => node.stdout.includes(' not synchronised: '));
    assert.equal(await blocksFileOf(node), fileOf(own));
    assert.deepEqual(await blockFilesOf(node), ['blocks.json']);
  }));

test('another block than the headers announced is not taken', () =>
  withHostedNodes(async (network) => {
    const [own, other] = [growBy(trunkTo(3), 6, 'ours'), growBy(trunkTo(3), 8, 'theirs')];
    const third = growBy(trunkTo(3), 8, 'third');
    // One that is valid in its place, and one that would be in another chain.
    for (const [i, given] of [
      [...other.slice(0, 11), nextBlock(other.slice(0, 11), [text('instead')])],
      [...other.slice(0, 6), ...third.slice(6, 7), ...other.slice(7)],
    ].entries()) {
      const name = `node-${i + 1}`;
      const { node, peer } = await startAgainst(network, own, other, [], name);
      peer.lies.GET_BLOCKS = (locator) =>
        blocksAnswer(following(peer.asked('GET_HEADERS').length > 0 ? given : other, locator));
      peer.announce();
      await until('an end', () => / (not synchronised|reorganised|closed): /.test(node.stdout));
      assert.equal(await blocksFileOf(node), fileOf(own), node.stdout);
    }
  }));

test('a chain of more than 100 blocks that is replaced is kept in a file beside', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await startAgainst(network, ours, theirs);
    peer.announce();
    await untilChainIs(node, theirs);
    const name = `blocks.json.101-${tipOf(ours).hash.slice(0, 8)}`;
    await until('a copy', async () => (await copiesOf(node)).length > 0);
    assert.deepEqual(await copiesOf(node), [name]);
    assert.equal(await network.read(`node-1/${name}`), fileOf(ours));
  }));

test('a chain of 100 blocks that is replaced is not kept', () =>
  withHostedNodes(async (network) => {
    const own = ours.slice(0, 101);
    const { node, peer } = await startAgainst(network, own, theirs);
    peer.announce();
    await untilChainIs(node, theirs);
    await until('the pool to have all', async () => (await node.pool()).length === 100);
    assert.deepEqual(await copiesOf(node), []);
  }));

test('only the blocks that the fork lacks count as replaced', () =>
  withHostedNodes(async (network) => {
    // A locator names the blocks 46 and 0 of it, with nothing in between.
    const [own, other] = [growBy(trunkTo(40), 70, 'ours'), growBy(trunkTo(40), 71, 'theirs')];
    const { node, peer } = await startAgainst(network, own, other);
    peer.announce();
    await untilChainIs(node, other);
    await until('the pool to have all', async () => (await node.pool()).length === 70);
    await until('a line about it', () => node.stdout.includes(' reorganised: '));
    assert.match(
      node.stdout,
      / reorganised: blocks 41 to 110 replaced by (blocks )?41 to 111, from ws:/,
    );
    assert.deepEqual(await copiesOf(node), []);
  }));

test('a chain is replaced when its latest block is on disk at last', ON_LINUX, () =>
  withNetwork(async (network) => {
    const own = growBy(trunkTo(3), 7, `ours ${'x'.repeat(200)}`);
    const [before, other] = [own.slice(0, -1), trunkTo(12)];
    const { node, peer, socket } = await startAgainst(network, before, other);
    await limitFileSize(node, String(fileOf(before).length));
    peer.lies.GET_BLOCKS = (locator) => {
      // Just before the last that it takes to have more work.
      if (peer.asked('GET_BLOCKS').length === 2) socket.send(latestBlockAnswer(tipOf(own)));
      return peer.truth('GET_BLOCKS', locator);
    };
    peer.announce();
    await until('a refusal', () => node.stdout.includes('not saved: '));
    // Meanwhile it has time for others.
    const client = await ChainClient.open(node.address);
    client.close();
    await limitFileSize(node, 'unlimited');
    await untilChainIs(node, other);
    await until('the pool to have all', async () => (await node.pool()).length === 7);
  }),
);
