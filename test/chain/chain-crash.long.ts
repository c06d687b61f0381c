/** `kill -9` while a fork replaces a part of the chain, and while the pool is rewritten: nothing is lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grow, growBy, startWithChain, trunkTo, untilChainIs } from '../support/chain.js';
import { untilPoolsAre } from '../support/chain-checks.js';
import { ours, POOL, play, playAtRandom, texts, theirs, WORKERS } from '../support/chain-crash.js';
import { killAtSteps } from '../support/chain-kills.js';
import { ChainPeer } from '../support/chain-peer.js';
import { makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

test('50 kills while a fork replaces a part of the chain cost no transaction', async (t) => {
  const scene = { ours: ours(105), theirs: theirs(140), pool: POOL };
  const remains = await playAtRandom(t, scene, 50);
  const between = remains.filter(({ chain }) => chain === 'between').length;
  assert.ok(between >= 5, `${between} of the kills hit the swap`);
});

test('nor does a kill in the midst of any of the writes for it', async (t) => {
  // Of these there are few; of the blocks, more than are written at a time.
  const scene = { ours: ours(3), theirs: theirs(70), pool: texts('pooled', 'theirs 3') };
  const remains = await play(t, (worker) => killAtSteps(scene, worker + 1, WORKERS));
  const between = remains.filter(({ chain }) => chain === 'between').length;
  assert.ok(between >= 2, `${between} of the kills hit the swap`);
});

test('kills while the pool is rewritten cost no transaction', async (t) => {
  const pool = texts(...makeIds('pooled ', 8000));
  const theirs = grow(trunkTo(0), pool.slice(0, 800));
  const remains = await playAtRandom(t, { ours: trunkTo(0), theirs, pool }, 12);
  const early = remains.filter(({ isPoolBehind }) => isPoolBehind).length;
  assert.ok(early >= 2, `${early} of the kills came before the pool was rewritten`);
});

test('what comes back before it has left the file of the pool is there once, also after a kill', () =>
  withNetwork(async (network) => {
    // After the first block the file is rewritten, and after the next one not at once again.
    const ids = makeIds('pooled ', 20_000);
    const pool = texts(...ids);
    const first = grow(trunkTo(0), pool.slice(0, 500));
    const second = grow(first, pool.slice(500, 1000));
    const node = await startWithChain(network, trunkTo(0), [], pool);
    const peer = network.keep(await ChainPeer.open());
    await peer.dial(node.address);
    for (const chain of [first, second, growBy(trunkTo(0), 4, 'other')]) {
      peer.chain = chain;
      peer.announce();
      await untilChainIs(node, chain);
      if (chain === first) await untilPoolsAre([node], ids.slice(500));
    }
    await until('a line', () => node.stdout.includes('] reorganised: '));
    await node.end('SIGKILL');
    await untilPoolsAre([await network.restart(node)], ids);
  }));
