/** What a node says at /status of itself and its transactions. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fs from 'fs-extra';
import { LIMITS } from '../../lib/limits.js';
import { addBlock } from '../support/block-maker.js';
import { ask, askStatus, give, makeIds } from '../support/client.js';
import { connectTo, freePort, makeTransaction, PROJECT, say, until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { untilPoolsHold } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { linksIn, type Status, statusOf, untilStatus } from '../support/status.js';

const SHOWN_TRANSACTIONS = 12;
const SHOWN_BLOCKS = 5;
const SHOWN_LINES = 20;
const RATE_SECONDS = 60;

/** Waits until a node shows a transaction, and gives how it does. */
async function untilShown(
  node: RunningNode,
  id: string | number,
): Promise<Status['transactions']['latest'][number] | undefined> {
  const find = (status: Status) => status.transactions.latest.find((each) => each.id === id);
  return find(await untilStatus(node, `transaction ${id}`, (status) => find(status) !== undefined));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

describe('the status of a node', { concurrency: 3 }, () => {
  test('alone and new, it says who it is, and that nothing has happened', () =>
    withNetwork(async (network) => {
      const beforeMs = Date.now();
      const node = await network.startNode();
      const { headers } = await visit(node, '/status');
      assert.match(String(headers['content-type']), /^application\/json\b/);
      const status = await statusOf(node);
      const members = ['node', 'network', 'transactions', 'pool', 'chain', 'log'];
      assert.deepEqual(Object.keys(status).sort(), members.sort());

      const { startedAt, uptimeMs, ...who } = status.node;
      const { version } = await fs.readJson(`${PROJECT}/package.json`);
      assert.deepEqual(who, { address: node.address, version, clients: 0 });
      assert.ok(Number.isInteger(startedAt) && startedAt >= beforeMs && startedAt <= Date.now());
      assert.ok(uptimeMs >= 0 && uptimeMs <= Date.now() - beforeMs, `${uptimeMs}`);
      const nodes = [{ address: node.address, state: 'self' }];
      assert.deepEqual(status.network, { nodes, links: [], leftOut: 0 });
      const none = { accepted: 0, duplicate: 0, rejected: 0, relayed: 0 };
      const rate = Array(RATE_SECONDS).fill(0);
      assert.deepEqual(status.transactions, { ...none, rate, minute: 0, latest: [] });
      assert.equal(status.pool.transactions, 0);
      assert.equal(status.pool.maxBytes, LIMITS.poolBytes);
      assert.equal(status.chain.height, 0);
    }));

  test('clients are those that name no address, while they are connected', () =>
    withHostedNodes(async (network) => {
      const { node } = await network.startNodeWithPeer();
      const clients = [await connectTo(node.address), await connectTo(node.address)];
      await untilStatus(node, 'two clients', (status) => status.node.clients === 2);
      clients[0]?.send(JSON.stringify({ type: 'HANDSHAKE', data: ['ws://localhost:1'] }));
      await untilStatus(node, 'one that is a peer', (status) => status.node.clients === 1);
      for (const client of clients) client.terminate();
      await untilStatus(node, 'no client', (status) => status.node.clients === 0);
    }));

  test('in a mesh, a transaction is shown everywhere, and who has sent it first', () =>
    withHostedNodes(async (network) => {
      const nodes = await network.startMesh(3);
      const [first] = nodes as [HostedNode];
      for (const node of nodes) {
        await untilStatus(node, 'links', (status) => linksIn(status).length === 3);
      }
      const beforeMs = Date.now();
      const sent = { ...makeTransaction('t1'), timeStamp: beforeMs - 5000 };
      await say(first.address, { type: 'TRANSACTION', data: sent });
      for (const node of nodes) {
        const { at = 0, ...shown } = (await untilShown(node, 't1')) ?? {};
        assert.ok(Number.isInteger(at) && at >= beforeMs && at <= Date.now(), `${at}`);
        const from = node === first ? null : first.address;
        const said = { fromAddress: 'alice', toAddress: 'bob', amount: 1, block: null };
        const expected = { id: 't1', from, delayMs: at - sent.timeStamp, ...said };
        assert.deepEqual(shown, expected, node.name);
      }
    }));

  test('a transaction that was missed has come from the peer it was fetched from', () =>
    withHostedNodes(async (network) => {
      const first = await network.startNode('node-1');
      await give(first.address, ['missed']);
      const late = await network.startNode('node-2', [first.address]);
      assert.equal((await untilShown(late, 'missed'))?.from, first.address);
      const { transactions } = await statusOf(late);
      assert.equal(transactions.accepted, 1);
      // A second counts when it is over.
      await untilStatus(first, 'its rate', (now) => sum(now.transactions.rate) === 1);
    }));

  test('an id is shown as it was given, and a delay where there is a time', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const given: [data: object, id: string | number | RegExp, hasDelay: boolean][] = [
        [{ id: 7, timeStamp: 1 }, 7, true],
        [{ id: -0.5, timeStamp: '1' }, -0.5, false],
        [{ id: '7' }, '7', false],
        [{ id: 'null', timeStamp: null }, 'null', false],
        [{ id: 'list', timeStamp: [1] }, 'list', false],
        [{ hash: 'hash only', timeStamp: Date.now() + 60_000 }, 'hash only', true],
        [{ id: '<b>\u001b[2J\u202e</b>\n', timeStamp: 1.5 }, '<b>\u001b[2J\u202e</b>\n', true],
        [{ note: 'neither' }, /^[0-9a-f]{64}$/, false],
      ];
      await ask(node.address, ...given.map(([data]) => data));
      await say(node.address, '{"type":"TRANSACTION","data":{"id":"far","timeStamp":1e999}}');
      await untilShown(node, 'far');
      const [far, ...latest] = (await statusOf(node)).transactions.latest;
      assert.equal(far?.delayMs, null, 'infinity is no time');
      for (const [index, [data, id, hasDelay]] of [...given].reverse().entries()) {
        const shown = latest[index];
        const what = JSON.stringify([data, shown]);
        if (id instanceof RegExp) assert.match(String(shown?.id), id, what);
        else assert.equal(shown?.id, id, what);
        const time = 'timeStamp' in data && hasDelay ? Number(data.timeStamp) : undefined;
        const delayMs = time === undefined ? null : (shown?.at ?? 0) - time;
        assert.equal(shown?.delayMs, delayMs, what);
      }
    }));

  test('of the transactions it shows the latest twelve, newest first, and the rate of all', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const ids = makeIds('t', 30);
      await give(node.address, ids);
      const { transactions, pool } = await untilStatus(
        node,
        'all of them',
        (status) => sum(status.transactions.rate) === ids.length,
      );
      const shown = transactions.latest.map(({ id }) => id);
      assert.deepEqual(shown, ids.reverse().slice(0, SHOWN_TRANSACTIONS));
      assert.equal(transactions.rate.length, RATE_SECONDS);
      const seconds = [...transactions.rate.entries()].filter(([, accepted]) => accepted > 0);
      assert.ok(
        seconds.every(([second]) => second >= RATE_SECONDS - 10),
        `${transactions.rate}`,
      );
      assert.equal(pool.transactions, ids.length);
      const { size } = await fs.stat(network.path('node-1/transactions.json'));
      assert.equal(pool.bytes, size);
    }));

  test('what becomes of transactions is counted, and each copy that is sent on', () =>
    withHostedNodes(async (network) => {
      const peers = [await network.trap(), await network.trap()];
      const addresses = peers.map(({ address }) => address);
      const node = await network.startNode('node-1', addresses);
      await until('both peers', () => peers.every(({ openCallers }) => openCallers.length === 1));
      await untilStatus(node, 'links', (status) => linksIn(status).length === 2);
      await give(node.address, ['a', 'b', 'c', 'a', 'a']);
      await ask(node.address, { id: {} });
      await say(node.address, '[1', '{"type":"HANDSHAKE","data":{}}');
      await until('what is no transaction to be refused', () =>
        node.stdout.includes('HANDSHAKE data is not an array'),
      );
      await give(node.address, ['d']);
      const { transactions } = await untilStatus(
        node,
        'all copies',
        ({ transactions: { accepted, relayed } }) => accepted === 4 && relayed === 8,
      );
      const { accepted, duplicate, rejected, relayed } = transactions;
      assert.deepEqual(
        { accepted, duplicate, rejected, relayed },
        {
          accepted: 4,
          duplicate: 2,
          rejected: 1,
          relayed: 8,
        },
      );
      for (const peer of peers) assert.equal(peer.received('TRANSACTION').length, 4);
    }));

  test('what a full pool does not take is counted as rejected', () =>
    withHostedNodes(async (network) => {
      const port = await freePort();
      await network.addNode('node-1', port, []);
      await network.write('node-1/.env', `PORT=${port}\nMAX_POOL_BYTES=2000\n`);
      const node = await network.launch('node-1', port).listening();
      const statuses = await askStatus(node.address, ...makeIds('t', 50).map(makeTransaction));
      const fit = statuses.filter((status) => status === 'accepted').length;
      assert.ok(fit > 5 && fit < 45);
      const { pool, transactions } = await untilStatus(
        node,
        'all of them',
        (status) => status.transactions.rejected === 50 - fit,
      );
      assert.equal(transactions.accepted, fit);
      assert.equal(pool.transactions, fit);
      assert.equal(pool.maxBytes, 2000);
      assert.ok(pool.bytes <= 2000 && pool.bytes > 1500, `${pool.bytes}`);
    }));

  test('of the chain it shows the height and the latest blocks, also those of others', () =>
    withHostedNodes(async (network) => {
      const nodes = await network.startMesh(2);
      const [first] = nodes as [HostedNode];
      await give(first.address, ['a', 'b']);
      await untilPoolsHold(nodes, ['a', 'b']);
      const hashes: string[] = [];
      for (let height = 1; height <= 6; height++) hashes.push((await addBlock(first)).hash);
      for (const node of nodes) {
        const isAll = ({ chain, pool }: Status) => chain.height === 6 && pool.transactions === 0;
        const { chain } = await untilStatus(node, 'six blocks', isAll);
        assert.deepEqual(
          chain.blocks.map(({ height, hash }) => [height, hash]),
          [6, 5, 4, 3, 2].map((height) => [height, hashes[height - 1]]),
        );
        assert.equal(chain.blocks.length, SHOWN_BLOCKS);
        for (const { timestamp, transactions } of chain.blocks) {
          assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `${timestamp}`);
          assert.equal(transactions, 0);
        }
      }
    }));

  test('the transactions of a block are counted in it, and are duplicates from then on', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      await give(node.address, ['a', 'b']);
      await addBlock(node);
      const isIncluded = ({ chain, pool }: Status) => chain.height === 1 && pool.transactions === 0;
      const { chain } = await untilStatus(node, 'a block', isIncluded);
      assert.equal(chain.blocks[0]?.transactions, 2);
      await give(node.address, ['a']);
      const isKnown = ({ transactions }: Status) => transactions.duplicate === 1;
      const { transactions } = await untilStatus(node, 'a duplicate', isKnown);
      assert.equal(transactions.accepted, 2);
    }));

  test('its log has the last lines of the terminal, and nothing that repaints one', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const nasty = '\u001b[2J\u0007\n[4001] accepted: forged\u202e';
      await say(node.address, { type: 'TRANSACTION', data: { id: nasty } });
      for (let number = 0; number < SHOWN_LINES - 1; number++) {
        const { status } = await visit(node, '/', { headers: { origin: `http://a${number}.org` } });
        assert.equal(status, 403);
      }
      let last: string[] = [];
      const { log } = await untilStatus(node, 'as the terminal does', ({ log }) => {
        last = node.lines.filter((line) => line !== '').slice(-SHOWN_LINES);
        const shown = log.map(({ event, detail }) => `[${node.port}] ${event}: ${detail}`);
        return shown.reverse().join('\n') === last.join('\n');
      });
      assert.equal(log.length, SHOWN_LINES);
      assert.ok(last.some((line) => line.includes('?[2J??[4001] accepted: forged?')));
      for (const [index, { at }] of log.entries()) {
        assert.ok(at <= (log[index - 1]?.at ?? Date.now()), 'newest first');
      }
    }));
});
