/** Peers that say that they have a chain, and then do not give it, or not all of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import {
  type Chain,
  growBy,
  startWithChain,
  tipOf,
  trunkTo,
  untilChainIs,
} from '../support/chain.js';
import { type BlockAnswerers, blocksAnswer, ChainPeer, following } from '../support/chain-peer.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import type { AnyNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';

const own = growBy(trunkTo(3), 2, 'ours');
const promised = growBy(own, 8, 'promised');
const fork = growBy(trunkTo(3), 10, 'fork');
const honest = growBy(own, 5, 'honest');

/** A node that is asking a peer, and another peer that has just announced a chain as well. */
async function startBetween(
  network: AnyNetwork,
  chain: Chain,
  lies: BlockAnswerers,
): Promise<{ node: RunningNode; silent: ChainPeer }> {
  const silent = network.keep(await ChainPeer.open(chain, lies));
  const node = await startWithChain(network, own, [silent.address]);
  await until('a request', () => silent.asked('GET_BLOCKS').length > 0);
  const other = network.keep(await ChainPeer.open(honest));
  await other.dial(node.address);
  other.announce();
  return { node, silent };
}

/** A node that is asking a peer, which gives a little more than is there, when it is told to. */
async function startBusy(
  network: AnyNetwork,
  knownPeers: string[] = [],
): Promise<{ node: RunningNode; answerNow: () => void }> {
  let answerNow = () => {};
  const isTime = new Promise<void>((done) => {
    answerNow = done;
  });
  const busy = network.keep(await ChainPeer.open(promised.slice(0, own.length + 2)));
  busy.lies.GET_BLOCKS = async (locator) => {
    await isTime;
    return busy.truth('GET_BLOCKS', locator);
  };
  const node = await startWithChain(network, own, [busy.address, ...knownPeers]);
  await until('a request', () => busy.asked('GET_BLOCKS').length > 0);
  return { node, answerNow };
}

/** Has a peer announce its chain to a node, and waits until that has read it. */
async function isHeard(peer: ChainPeer, node: RunningNode): Promise<void> {
  const socket = await peer.dial(node.address);
  peer.announce();
  await peer.untilRead(socket);
}

const half = (chain: Chain): BlockAnswerers => {
  let asked = 0;
  return {
    GET_BLOCKS: (locator) => {
      asked += 1;
      return asked === 1 ? blocksAnswer(following(chain, locator).slice(0, 2)) : undefined;
    },
  };
};

// Side by side, for each waits until a deadline has passed.
describe('when the deadline has passed', { concurrency: 6 }, () => {
  for (const [what, chain, lies] of [
    ['no blocks', promised, { GET_BLOCKS: () => undefined }],
    ['no headers', fork, { GET_HEADERS: () => undefined }],
    ['no blocks after its headers', fork, half(fork)],
  ] as [string, Chain, BlockAnswerers][]) {
    test(`others are heard instead of one that gives ${what}`, () =>
      withHostedNodes(async (network) => {
        const { node, silent } = await startBetween(network, chain, lies);
        await untilChainIs(node, honest, LIMITS.answerTimeoutMs + 20_000);
        assert.match(
          node.stdout,
          new RegExp(` not synchronised: with ${silent.address} \\(.+\\)\n`),
        );
        assert.ok(!node.stdout.includes(' disconnected: '), node.stdout);
      }));
  }

  test('others are heard instead of one that gives some blocks, and these are kept', () =>
    withHostedNodes(async (network) => {
      const { node } = await startBetween(network, promised, half(promised));
      // Two of the first one's, which the other one's five outgrow.
      await untilChainIs(node, honest, LIMITS.answerTimeoutMs + 20_000);
      await until('a line about it', () =>
        / reorganised: blocks 6 to 7 replaced by (blocks )?6 to 10, from ws:/.test(node.stdout),
      );
    }));

  test('one that has not answered is asked for nothing for a while, whatever it announces', () =>
    withHostedNodes(async (network) => {
      const node = await startWithChain(network, own);
      const silent = network.keep(await ChainPeer.open(promised, { GET_BLOCKS: () => undefined }));
      const socket = await silent.dial(node.address);
      silent.announce();
      await until('an end', () => node.stdout.includes(' not synchronised: '), 30_000);
      for (const block of promised.slice(7)) silent.announce(block);
      await silent.untilRead(socket);
      assert.equal(silent.asked('GET_BLOCKS').length, 1);
      // The very next block needs no question.
      silent.announce(promised[own.length]);
      await untilChainIs(node, promised.slice(0, own.length + 1));
      assert.equal(tipOf(own).height + 1, promised[own.length]?.height);
    }));
});

test('meanwhile the next block is taken from others', () =>
  withHostedNodes(async (network) => {
    const silent = network.keep(await ChainPeer.open(promised, { GET_BLOCKS: () => undefined }));
    const node = await startWithChain(network, own, [silent.address]);
    await until('a request', () => silent.asked('GET_BLOCKS').length > 0);
    const other = network.keep(await ChainPeer.open(honest));
    await other.dial(node.address);
    for (const block of honest.slice(own.length)) other.announce(block);
    await untilChainIs(node, honest, LIMITS.answerTimeoutMs / 2);
    assert.deepEqual(other.asked('GET_BLOCKS'), []);
  }));

test('one that listens where it says is asked before a client that promises more', () =>
  withHostedNodes(async (network) => {
    const proven = network.keep(await ChainPeer.open(own));
    const { node, answerNow } = await startBusy(network, [proven.address]);
    await until('a connection', () => proven.asked('GET_LATEST_BLOCK').length > 0);
    const client = network.keep(await ChainPeer.open(promised, { GET_BLOCKS: () => undefined }));
    proven.chain = honest;
    for (const each of [client, proven]) await isHeard(each, node);
    answerNow();
    await untilChainIs(node, honest, LIMITS.answerTimeoutMs / 2);
  }));

test('of several clients, the one that promises most is asked first', () =>
  withHostedNodes(async (network) => {
    const { node, answerNow } = await startBusy(network);
    for (const [chain, lies] of [
      [promised.slice(0, -1), { GET_BLOCKS: () => undefined }],
      [promised, {}],
      [promised.slice(0, -2), { GET_BLOCKS: () => undefined }],
    ] as [Chain, BlockAnswerers][]) {
      await isHeard(network.keep(await ChainPeer.open(chain, lies)), node);
    }
    answerNow();
    await untilChainIs(node, promised, LIMITS.answerTimeoutMs / 2);
  }));

test('one that answers with what is known is not asked without end', () =>
  withHostedNodes(async (network) => {
    const { node, silent } = await startBetween(network, promised, {
      GET_BLOCKS: () => blocksAnswer(own.slice(1)),
    });
    await untilChainIs(node, honest, LIMITS.answerTimeoutMs + 20_000);
    assert.ok(silent.asked('GET_BLOCKS').length < 10, `${silent.asked('GET_BLOCKS').length} times`);
  }));

test('one that leaves without an answer does not keep others waiting', () =>
  withHostedNodes(async (network) => {
    const { node, silent } = await startBetween(network, promised, { GET_BLOCKS: () => undefined });
    await silent.close();
    await untilChainIs(node, honest, LIMITS.answerTimeoutMs / 2);
  }));
