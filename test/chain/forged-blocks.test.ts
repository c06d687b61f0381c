/** Blocks that break one rule: nobody takes them, and who sends them is closed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merkleRootOf } from '../../lib/chain/block.js';
import { toBlock } from '../../lib/wire/block.js';
import type { Locator } from '../../lib/wire/block-messages.js';
import {
  blockFilesOf,
  blocksFileOf,
  type Chain,
  fileOf,
  grow,
  growBy,
  nextBlock,
  text,
  tipOf,
  untilChainIs,
} from '../support/chain.js';
import { ChainClient } from '../support/chain-client.js';
import { type BlockAnswerers, blocksAnswer, following } from '../support/chain-peer.js';
import {
  contentForgeries,
  type Forgery,
  headerForgeries,
  placeForgeries,
} from '../support/forgeries.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import {
  announce,
  base,
  goesOn,
  isClosedFor,
  startBesideHonest,
} from '../support/misbehaving-peers.js';

const forgeries = [...headerForgeries, ...placeForgeries, ...contentForgeries];

test('a forged next block is not taken, and closes the connection with the reason', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    for (const forgery of [...headerForgeries, ...contentForgeries]) {
      await isClosedFor(forgery, network, node, [...base, forgery.forge(base)]);
      assert.equal(await blocksFileOf(node), fileOf(base), forgery.what);
    }
    assert.deepEqual(honest.asked('LATEST_BLOCK'), []);
    await goesOn(node, honest, base);
  }));

test('one that announces what nobody has worked for is closed, and asked for nothing', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const ahead = growBy(base, 3, 'ahead');
    for (const forgery of headerForgeries.filter(({ reason }) => reason.includes('hash'))) {
      // From far ahead, at our height, and from below it.
      for (const chain of [ahead, base.slice(0, -1), base.slice(0, -2)]) {
        const misbehaving = await isClosedFor(forgery, network, node, [
          ...chain,
          forgery.forge(chain),
        ]);
        assert.deepEqual(misbehaving.asked('GET_BLOCKS'), [], forgery.what);
      }
    }
    await goesOn(node, honest, base);
  }));

test('of a longer chain no more is taken than is valid, and it closes the connection', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const client = await ChainClient.open(node.address);
    let ours = base;
    for (const [index, forgery] of forgeries.entries()) {
      const valid = growBy(ours, 2, 'valid');
      const chain = growBy([...valid, forgery.forge(valid)], 2, 'behind it');
      await isClosedFor(forgery, network, node, chain, pagesFor(forgery, index, chain));
      const { height } = await client.latest();
      assert.ok(height >= tipOf(ours).height && height < valid.length, `${height}`);
      ours = valid.slice(0, height + 1);
      assert.equal(await blocksFileOf(node), fileOf(ours), forgery.what);
    }
    await goesOn(node, honest, ours);
    client.close();
  }));

test('what is valid in front of a forged block is taken, though it comes in the same answer', () =>
  withHostedNodes(async (network) => {
    const { node } = await startBesideHonest(network, base);
    let ours = base;
    for (const forgery of forgeries) {
      const valid = growBy(ours, 2, 'valid');
      await isClosedFor(forgery, network, node, grow([...valid, forgery.forge(valid)], [], []));
      await untilChainIs(node, valid);
      ours = valid;
    }
  }));

test('a fork with a forged block in it is not taken, and leaves nothing behind', () =>
  withHostedNodes(async (network) => {
    const ours = growBy(base, 2, 'ours');
    const { node, honest } = await startBesideHonest(network, ours);
    for (const [index, forgery] of forgeries.entries()) {
      // The first one of the fork, or a later one.
      const valid = growBy(base, isMisplaced(forgery) ? 1 : index % 3, 'valid');
      const chain = growBy([...valid, forgery.forge(valid)], 4, 'behind it');
      await isClosedFor(forgery, network, node, chain, pagesFor(forgery, index, chain));
      assert.equal(await blocksFileOf(node), fileOf(ours), forgery.what);
    }
    assert.deepEqual(await blockFilesOf(node), ['blocks.json']);
    await goesOn(node, honest, ours);
  }));

test('a block of a fork is not taken for the one that was promised because it has its hash', () =>
  withHostedNodes(async (network) => {
    const ours = growBy(base, 2, 'ours');
    const { node, honest } = await startBesideHonest(network, ours);
    const fork = growBy(base, 4, 'fork');
    const other = nextBlock(base, [text('another')]).transactions;
    const merkleRoot = merkleRootOf(other.map(({ json }) => json));
    for (const [changes, transactions] of [
      [{ merkleRoot }, other],
      [{ timestamp: tipOf(fork).timestamp + 1 }, undefined],
      [{ nonce: 1 }, undefined],
      [{ height: tipOf(base).height + 7 }, undefined],
      [{ previousHash: '0'.repeat(64) }, undefined],
    ] as const) {
      // Each of them once the first, and once one in the middle.
      for (const place of [base.length, base.length + 1]) {
        const real = fork[place] as Chain[number];
        const forged = toBlock({ ...real, ...changes }, transactions ?? real.transactions);
        const given = [...fork.slice(0, place), forged, ...fork.slice(place + 1)];
        // The first request names many blocks; those that follow on headers, one.
        const lies = {
          GET_BLOCKS: (locator: Locator) =>
            blocksAnswer(following(locator.length > 1 ? fork : given, locator)),
        };
        const ends = () => node.lines.filter((line) => / (closed|not synchronised): /.test(line));
        const before = ends().length;
        await announce(network, node, fork, lies);
        await until('an end', () => ends().length > before || node.stdout.includes('reorganised'));
        assert.equal(await blocksFileOf(node), fileOf(ours), JSON.stringify(changes));
      }
    }
    await goesOn(node, honest, ours);
  }));

test('blocks that do not follow on what was asked for are not taken, and nothing more is asked', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    for (const forgery of placeForgeries) {
      const chain = growBy([...base, forgery.forge(base)], 4, 'behind it');
      const lies = { GET_BLOCKS: () => blocksAnswer(chain.slice(base.length)) };
      const { misbehaving, socket } = await announce(network, node, chain, lies);
      const line = ` not synchronised: with ${misbehaving.address} `;
      await until('a line about it', () => node.stdout.includes(line));
      misbehaving.announce();
      await misbehaving.untilRead(socket);
      assert.equal(misbehaving.asked('GET_BLOCKS').length, 1);
      assert.equal(await blocksFileOf(node), fileOf(base), forgery.what);
    }
    await goesOn(node, honest, base);
  }));

test('what is wrong with the rest of a block does not count against one with its header', () =>
  withHostedNodes(async (network) => {
    const { node, honest } = await startBesideHonest(network, base);
    const block = nextBlock(base, [text('a'), text('b')]);
    const [a, b] = block.transactions;
    assert.ok(a && b);
    for (const transactions of [[], [a], [b, a], [a, b, b]]) {
      const forged = toBlock(block, transactions);
      const reason = 'its Merkle root is not that of its transactions';
      await isClosedFor({ what: forged.json, reason }, network, node, [...base, forged]);
    }
    assert.equal(await blocksFileOf(node), fileOf(base));
    honest.announce(block);
    await untilChainIs(node, [...base, block]);
    await goesOn(node, honest, [...base, block]);
  }));

function isMisplaced(forgery: Forgery): boolean {
  return placeForgeries.includes(forgery);
}

/** Has a forged block be at the start of an answer, in its middle, or at its end. */
function pagesFor(forgery: Forgery, index: number, chain: Chain): BlockAnswerers {
  // One that is out of place, behind that by which this is seen.
  const count = isMisplaced(forgery) ? chain.length : 1 + (index % 5);
  return { GET_BLOCKS: (locator) => blocksAnswer(following(chain, locator).slice(0, count)) };
}
