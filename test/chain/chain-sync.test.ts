/** How the chain of a node grows by what its peers have. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENESIS } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';
import { getLatestBlockFrame } from '../../lib/wire/block-messages.js';
import {
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
import { say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';

const idsIn = (pool: readonly Record<string, unknown>[]) => pool.map(({ id }) => id);

test('a node asks whom it dials for the latest block, and takes a longer chain page by page', () =>
  withHostedNodes(async (network) => {
    const pad = 'x'.repeat(3000);
    const contents = Array.from({ length: 300 }, (_, i) => [text(`t${i}`, pad)]);
    const chain = grow([GENESIS], ...contents);
    const peer = network.keep(await ChainPeer.open(chain));
    const node = await network.startNode('node-1', [peer.address]);
    await untilChainIs(node, chain);
    assert.equal(peer.heard[0]?.type, 'GET_LATEST_BLOCK');
    const asked = peer.locators('GET_BLOCKS');
    assert.deepEqual(asked[0], [{ height: 0, hash: GENESIS.hash }]);
    const pages = (300 * 3300) / LIMITS.answerBytes;
    assert.ok(asked.length >= pages && asked.length <= pages + 2, `${asked.length} pages`);
    for (const [index, locator] of asked.entries()) {
      const before = asked[index - 1]?.[0]?.height ?? -1;
      assert.ok((locator[0]?.height as number) > before, 'no page is asked for twice');
    }
    assert.deepEqual(peer.asked('GET_HEADERS'), []);
    await until('a line about it', () =>
      node.stdout.includes(`synchronised: blocks 1 to 300, from ${peer.address}\n`),
    );
  }));

test('the next block is appended, and announced to all of ours but whom it came from', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(5);
    const teller = network.keep(await ChainPeer.open(chain));
    const other = network.keep(await ChainPeer.open(chain));
    const plain = await network.trap();
    const addresses = [teller, other, plain].map(({ address }) => address);
    const node = await startWithChain(network, chain, addresses);
    await until('all to be connected', () =>
      [teller, other].every((peer) => peer.asked('GET_LATEST_BLOCK').length > 0),
    );
    await until('the plain one', () => plain.received('HANDSHAKE').length > 0);

    await teller.dial(node.address);
    teller.chain = grow(chain, [text('a'), text('b')]);
    teller.announce();
    await untilChainIs(node, teller.chain);
    await until('an announcement', () => other.asked('LATEST_BLOCK').length > 0);
    assert.deepEqual(other.asked('LATEST_BLOCK')[0]?.data, JSON.parse(tipOf(teller.chain).json));
    const name = `6 (${tipOf(teller.chain).hash.slice(0, 8)}…)`;
    await until('a line about it', () =>
      node.stdout.includes(`new block: ${name}, 2 transactions, from ${teller.address}\n`),
    );

    // What had come back to the teller would have come before this.
    await other.dial(node.address);
    other.chain = grow(teller.chain, []);
    other.announce();
    await until('the next one', () => teller.asked('LATEST_BLOCK').length > 0);
    assert.deepEqual(
      teller.asked('LATEST_BLOCK').map(({ data }) => data),
      [JSON.parse(tipOf(other.chain).json)],
    );
    assert.equal(other.asked('LATEST_BLOCK').length, 1);
    for (const peer of [teller, other]) assert.deepEqual(peer.asked('GET_BLOCKS'), []);
    assert.ok(plain.callers.flatMap(({ frames }) => frames).every((each) => /HANDS/.test(each)));
  }));

test('a block that is announced twice, or by several, is taken once and announced once', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(5);
    const witness = network.keep(await ChainPeer.open(chain));
    const node = await startWithChain(network, chain, [witness.address]);
    await until('a witness', () => witness.asked('GET_LATEST_BLOCK').length > 0);
    const tellers = [await ChainPeer.open(), await ChainPeer.open()].map((each) =>
      network.keep(each),
    );
    const longer = growBy(chain, 2, 'new');
    for (const teller of tellers) await teller.dial(node.address);
    for (const teller of [...tellers, ...tellers]) teller.announce(longer[6]);
    await untilChainIs(node, longer.slice(0, 7));
    tellers[1]?.announce(longer[7]);
    await until('the second one', () => witness.asked('LATEST_BLOCK').length > 1);
    const heights = witness
      .asked('LATEST_BLOCK')
      .map(({ data }) => (data as typeof GENESIS).height);
    assert.deepEqual(heights, [6, 7]);
    await untilChainIs(node, longer);
  }));

test('a block that does not connect has its sender asked, where it was sent, from where we are', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(23);
    const node = await startWithChain(network, chain.slice(0, 21));
    const peer = network.keep(await ChainPeer.open(chain));
    const socket = await peer.dial(node.address);
    peer.announce();
    await untilChainIs(node, chain);
    const [asked] = peer.heard;
    assert.equal(asked?.type, 'GET_BLOCKS');
    assert.equal(asked?.socket, socket);
    assert.deepEqual(asked?.data, locatorOf(chain, 20, 19, 18, 16, 12, 4, 0));
  }));

test('what is announced while a chain is fetched is not forgotten', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(12);
    const node = await startWithChain(network, chain.slice(0, 3));
    const peer = network.keep(await ChainPeer.open(chain.slice(0, 11)));
    peer.lies.GET_BLOCKS = (locator) => {
      // One more each time that it is asked, as if it were at work itself.
      peer.chain = chain.slice(0, Math.min(peer.chain.length + 1, chain.length));
      peer.announce();
      return blocksAnswer(following(peer.chain, locator).slice(0, 3));
    };
    await peer.dial(node.address);
    peer.announce();
    await untilChainIs(node, chain);
  }));

for (const [what, end] of [
  ['all', 9],
  ['a part', 8],
] as const) {
  test(`when ${what} of what a peer is asked for comes from another, that costs it nothing`, () =>
    withHostedNodes(async (network) => {
      const chain = trunkTo(12);
      const node = await startWithChain(network, chain.slice(0, 6));
      const asked = network.keep(await ChainPeer.open(chain.slice(0, 9)));
      const faster = network.keep(await ChainPeer.open());
      asked.lies.GET_BLOCKS = async (locator) => {
        for (const block of chain.slice(6, end)) faster.announce(block);
        await untilChainIs(node, chain.slice(0, end));
        return blocksAnswer(following(chain.slice(0, 9), locator));
      };
      await faster.dial(node.address);
      const socket = await asked.dial(node.address);
      asked.announce();
      await untilChainIs(node, chain.slice(0, 9));
      delete asked.lies.GET_BLOCKS;
      await asked.untilRead(socket);
      // It is asked again as soon as it has more.
      asked.chain = chain;
      asked.announce();
      await untilChainIs(node, chain);
      assert.ok(!node.stdout.includes('reorganised'), node.stdout);
    }));
}

test('blocks and headers that nobody asked for change nothing', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(8);
    const peer = network.keep(await ChainPeer.open(chain.slice(0, 6)));
    const node = await startWithChain(network, chain.slice(0, 6), [peer.address]);
    await until('a connection', () => peer.asked('GET_LATEST_BLOCK').length > 0);
    const client = await ChainClient.open(node.address);
    for (const blocks of [chain, chain.slice(6), growBy(chain.slice(0, 3), 9, 'fork'), []]) {
      for (const frame of [blocksAnswer(blocks), headersAnswer(blocks)]) {
        client.socket.send(frame);
        peer.say(frame);
      }
    }
    // Each connection is read in order: on the peer's, it is this block that shows it.
    assert.equal((await client.latest()).height, 5);
    peer.chain = grow(chain.slice(0, 6), [text('announced')]);
    peer.say(latestBlockAnswer(tipOf(peer.chain)));
    await untilChainIs(node, peer.chain);
    assert.equal((await client.latest()).height, 6);
    assert.deepEqual(peer.asked('GET_BLOCKS'), []);
    client.close();
  }));

test('one who was not asked cannot answer for another', () =>
  withHostedNodes(async (network) => {
    const chain = growBy(trunkTo(3), 4, 'theirs');
    const node = await startWithChain(network, trunkTo(3));
    let answerNow = () => {};
    const isTime = new Promise<void>((done) => {
      answerNow = done;
    });
    const peer = network.keep(await ChainPeer.open(chain));
    peer.lies.GET_BLOCKS = async (locator) => {
      await isTime;
      return peer.truth('GET_BLOCKS', locator);
    };
    await peer.dial(node.address);
    peer.announce();
    await until('a request', () => peer.asked('GET_BLOCKS').length > 0);
    const misbehaving = await ChainClient.open(node.address);
    const other = growBy(trunkTo(3), 5, 'other');
    for (const frame of [blocksAnswer(other.slice(4)), headersAnswer(other.slice(4))]) {
      misbehaving.socket.send(frame);
    }
    assert.equal((await misbehaving.latest()).height, 3);
    answerNow();
    await untilChainIs(node, chain);
    misbehaving.close();
  }));

test('what a new block includes leaves the pool, and is known when it is sent again', () =>
  withHostedNodes(async (network) => {
    const chain = trunkTo(3);
    const pool = ['a', 'b', 'c', 'd'].map((id) => text(id));
    const plain = await network.trap();
    const node = await startWithChain(network, chain, [plain.address], pool);
    await until('a connection', () => plain.openCallers.length > 0);
    const peer = network.keep(await ChainPeer.open());
    await peer.dial(node.address);
    const longer = grow(chain, [text('b'), text('d', 'of another content'), text('new')]);
    peer.announce(tipOf(longer));
    await untilChainIs(node, longer);
    await until('the pool to be without', async () => (await node.pool()).length === 2);
    assert.equal(await node.poolText(), `[\n${text('a')},\n${text('c')}\n]\n`);

    const again = ['b', 'd', 'new', 'a', 'fresh'].map((id) => ({ id }));
    const known = ['known', 'known', 'known', 'known', 'accepted'];
    assert.deepEqual(await askStatus(node.address, ...again), known);
    await until('the fresh one', () => plain.received('TRANSACTION').length > 0);
    assert.deepEqual(plain.received('TRANSACTION'), [{ id: 'fresh' }]);
    assert.deepEqual(idsIn(await node.pool()), ['a', 'c', 'fresh']);
  }));

test('what is included is not fetched from the pool of a peer that has it there', () =>
  withHostedNodes(async (network) => {
    const chain = grow(trunkTo(3), [text('included')]);
    const pool = [text('included'), text('open')];
    const peer = network.keep(await ChainPeer.open(chain, {}, pool));
    const node = await startWithChain(network, chain, [peer.address]);
    await until('the open one', async () => (await node.pool()).length > 0);
    await say(node.address, { type: 'TRANSACTION', data: { id: 'last' } });
    await until('the last one', async () => (await node.pool()).length > 1);
    assert.deepEqual(idsIn(await node.pool()), ['open', 'last']);
  }));

test('a node that starts again has its chain, and goes on from there', () =>
  withNetwork(async (network) => {
    const chain = growBy(trunkTo(2), 3, 'first');
    const peer = network.keep(await ChainPeer.open(chain));
    let node = await network.startNode('node-1', [peer.address]);
    await untilChainIs(node, chain);
    await node.end('SIGKILL');
    peer.chain = growBy(chain, 3, 'second');
    node = await network.restart(node);
    await untilChainIs(node, peer.chain);
    assert.equal(peer.locators('GET_BLOCKS').at(-1)?.[0]?.hash, tipOf(chain).hash);
    const client = await ChainClient.open(node.address);
    assert.equal(await client.ask(getLatestBlockFrame()), peer.truth('GET_LATEST_BLOCK', []));
    client.close();
  }));
