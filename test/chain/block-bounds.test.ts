/** Blocks that are as large, or as far ahead, as they may be, and those that are more than that. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENESIS, merkleRootOf } from '../../lib/chain/block.js';
import {
  blocksFileOf,
  fileOf,
  grow,
  growBy,
  text,
  tipOf,
  untilChainIs,
  work,
} from '../support/chain.js';
import { blocksAnswer, ChainPeer } from '../support/chain-peer.js';
import { blockAhead, fullest } from '../support/forgeries.js';
import { say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { announce, base, goesOn, startBesideHonest } from '../support/misbehaving-peers.js';

const MINUTE_MS = 60 * 1000;

test('a block as full as one can be is taken, whether it is announced or fetched', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    let ours = base;
    for (const fill of fullest) {
      ours = [...ours, fill(ours)];
      honest.announce(tipOf(ours));
      await untilChainIs(node, ours);
    }
    // By a fork, in which nothing of this is included yet.
    let fork = growBy(base, 2, 'fork');
    for (const fill of fullest) fork = [...fork, fill(fork)];
    await announce(network, node, fork);
    await untilChainIs(node, fork);
  }));

test('a block that is too large to be read is not taken', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const texts = (count: number) =>
      Array.from({ length: count }, (_, i) => text(`t${i}`, 'x'.repeat(50_000)));
    for (const [count, said] of [
      [6, /^1008 .*it has more than \d+ bytes/],
      [8, /^1008 too many malformed messages$/],
      [30, /^1009 /],
    ] as const) {
      const chain = grow(base, texts(count));
      const { misbehaving, socket } = await announce(network, node, chain);
      const closed = new Promise<string>((done) => {
        socket.once('close', (code, why) => done(`${code} ${why}`));
      });
      for (let i = 0; i < 2; i++) misbehaving.announce();
      assert.match(await closed, said);
      assert.equal(await blocksFileOf(node), fileOf(base));
    }
    await goesOn(node, honest, base);
  }));

test('a chain from another genesis is not taken, however it is offered', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const draft = { ...GENESIS, timestamp: GENESIS.timestamp + 1, merkleRoot: merkleRootOf([]) };
    const chain = growBy([work(draft, [], '000')], 10, 'another');
    for (const answer of [
      undefined,
      () => blocksAnswer(chain),
      () => blocksAnswer(chain.slice(1)),
      () => blocksAnswer([GENESIS, ...chain.slice(1)]),
      () => blocksAnswer(chain.slice(base.length)),
    ]) {
      const ends = () =>
        node.lines.filter((line) => / (closed|not synchronised): /.test(line)).length;
      const before = ends();
      await announce(network, node, chain, answer && { GET_BLOCKS: answer });
      await until('an end', () => ends() > before);
      assert.equal(await blocksFileOf(node), fileOf(base));
    }
    // To say it in answer to a question is enough.
    const other = network.keep(await ChainPeer.open(chain.slice(0, 1)));
    await say(node.address, { type: 'HANDSHAKE', data: [other.address] });
    await until('an end', () => other.endings.length > 0);
    assert.match(other.endings[0] as string, /^1008 .*genesis/);
    await goesOn(node, honest, base);
  }));

test('a block from more than two hours ahead is not taken, and nobody is closed for it', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const ahead = blockAhead(base, MINUTE_MS);
    const { misbehaving, socket } = await announce(network, node, [...base, ahead]);
    await misbehaving.untilRead(socket);
    assert.equal(await blocksFileOf(node), fileOf(base));

    // In a longer chain, what is before it is taken.
    const valid = growBy(base, 2, 'valid');
    const chain = growBy([...valid, blockAhead(valid, MINUTE_MS)], 2, 'behind it');
    const other = await announce(network, node, chain);
    await untilChainIs(node, valid);
    await other.misbehaving.untilRead(other.socket);
    assert.equal(await blocksFileOf(node), fileOf(valid));

    // In a fork, nothing is.
    const fork = growBy(base, 1, 'fork');
    const late = growBy([...fork, blockAhead(fork, MINUTE_MS)], 5, 'behind it');
    const third = await announce(network, node, late);
    await until('a request', () => third.misbehaving.asked('GET_HEADERS').length > 0);
    await until('a line about it', () => node.stdout.includes(' not synchronised: '));
    assert.equal(await blocksFileOf(node), fileOf(valid));

    for (const each of [socket, other.socket, third.socket]) {
      assert.equal(each.readyState, each.OPEN);
    }
    const almost = blockAhead(valid, -MINUTE_MS);
    honest.announce(almost);
    await untilChainIs(node, [...valid, almost]);
  }));
