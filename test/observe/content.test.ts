/** What a node tells programs: its transactions by their places, its blocks, and its peers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { askStatus, makeIds } from '../support/client.js';
import { Follower, followThroughKills } from '../support/follower.js';
import { connectTo, freePort, makeTransaction, say, until } from '../support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from '../support/hosted.js';
import { type Answer, openAnswer, visit } from '../support/http.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess, RunningNode } from '../support/program.js';

interface Arrived {
  readonly place: number | null;
  readonly block: number | null;
  readonly transaction: Record<string, unknown>;
}

const read = async (node: RunningNode, path: string) => JSON.parse((await visit(node, path)).body);

async function placesOf(node: RunningNode, query = ''): Promise<[number, number | null, string][]> {
  const { transactions } = await read(node, `/transactions${query}`);
  return transactions.map(({ place, block, transaction }: Arrived) => [
    place,
    block,
    transaction.id,
  ]);
}

test('a transaction has its place in the order of arrival for ever, in the pool or in a block', () =>
  withNetwork(async (network) => {
    let node = await network.startNode();
    for (const id of ['a', 'b', 'c']) await askStatus(node.address, makeTransaction(id));
    const inPool = ['a', 'b', 'c'].map((id, i) => [i + 1, null, id]);
    assert.deepEqual(await placesOf(node), inPool);
    await addBlock(node);
    await askStatus(node.address, makeTransaction('d'));
    const now = [
      [1, 1, 'a'],
      [2, 1, 'b'],
      [3, 1, 'c'],
      [4, null, 'd'],
    ];
    assert.deepEqual(await placesOf(node), now);

    await node.end('SIGKILL');
    node = await network.restart(node);
    await askStatus(node.address, makeTransaction('e'));
    await addBlock(node);
    const later = [...now.slice(0, 3), [4, 2, 'd'], [5, 2, 'e']];
    assert.deepEqual(await placesOf(node), later);
    assert.deepEqual(await placesOf(node, '?after=1&limit=2'), later.slice(1, 3));
    assert.equal((await read(node, '/transactions?after=1&limit=2')).next, 3);
    assert.deepEqual(await read(node, '/transactions?after=5'), { transactions: [], next: 5 });
    assert.deepEqual(await read(node, '/transactions?after=77'), { transactions: [], next: 77 });
  }));

test('a place does not depend on where the transaction is when the node starts', () =>
  withHostedBesideOne(async (network) => {
    const node = (await network.startNode()) as NodeProcess;
    await askStatus(node.address, makeTransaction('older, and in no block'));
    const expected = [[1, null, 'older, and in no block']] as unknown[];
    assert.deepEqual(await placesOf(node), expected);
    const other = await network.startNode('node-2');
    await askStatus(other.address, makeTransaction('newer, and in a block'));
    await addBlock(other);
    // Only now each hears of the other.
    await say(node.address, { type: 'HANDSHAKE', data: [other.address] });
    expected.push([2, 1, 'newer, and in a block']);
    await until('the block', async () => (await placesOf(node)).length === 2);
    assert.deepEqual(await placesOf(node), expected);
    await node.end('SIGKILL');
    assert.deepEqual(await placesOf(await network.restart(node)), expected);
  }));

test('pages are bounded, and hold each text exactly as it came', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const odd = '{"id":1,"amount":1.10, "n":9007199254740993}';
    const note = 'x'.repeat(60_000);
    const client = await connectTo(node.address);
    client.send(`{"type":"TRANSACTION","data":${odd}}`);
    await until('it', async () => (await node.pool()).length === 1);
    client.close();
    for (let i = 0; i < 9; i++) await askStatus(node.address, { id: `${i}`, note });
    const { body } = await visit(node, '/transactions?limit=1');
    assert.equal(
      body,
      `{"transactions":[{"place":1,"block":null,"transaction":${odd}}],"next":1}\n`,
    );
    assert.equal(
      (await visit(node, '/transactions/1')).body.includes(`"transaction":{"id":"1"`),
      true,
    );
    const sizes: number[] = [];
    for (let next = 0; next < 10; ) {
      const page = await read(node, `/transactions?after=${next}`);
      sizes.push(page.transactions.length);
      next = page.next;
    }
    assert.ok(sizes.length > 2 && sizes.reduce((sum, each) => sum + each) === 10, `${sizes}`);
  }));

test('a transaction is found by its id, and a block by its height; what there is not is told', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const strange = { id: 'a/b ü%', toAddress: 'z' };
    await askStatus(node.address, strange);
    await askStatus(node.address, { hash: 'h', amount: 1 });
    await addBlock(node);
    await askStatus(node.address, makeTransaction('pooled'));
    const one = await read(node, `/transactions/${encodeURIComponent(strange.id)}`);
    assert.deepEqual([one.block, one.transaction], [1, strange]);
    assert.equal((await read(node, '/transactions/h')).block, 1);
    assert.equal((await read(node, '/transactions/pooled')).block, null);
    const block = await read(node, '/blocks/1');
    assert.deepEqual(block.transactions, [strange, { hash: 'h', amount: 1 }]);
    const blocks = await read(node, '/blocks');
    assert.deepEqual([blocks.height, blocks.blocks.length, blocks.next], [1, 2, 2]);
    assert.deepEqual(blocks.blocks[1], block);
    assert.deepEqual((await read(node, '/blocks?from=1&limit=1')).blocks, [block]);
    assert.deepEqual((await read(node, '/blocks?from=9')).blocks, []);

    const says = ({ status, body }: Answer) => `${status} ${body}`;
    for (const [path, expected] of [
      ['/transactions/nobody', '404 no transaction has this id\n'],
      ['/transactions/%ff', '400 the id in the path is not percent-encoded UTF-8\n'],
      ['/transactions?after=-1', '400 after must be a whole number of 0 or more\n'],
      ['/transactions?after=1e3', '400 after must be a whole number of 0 or more\n'],
      ['/transactions?limit=0', '400 limit must be a whole number from 1 to 1000\n'],
      ['/transactions?limit=1001', '400 limit must be a whole number from 1 to 1000\n'],
      ['/transactions?follow&after=x', '400 after must be a whole number of 0 or more\n'],
      ['/blocks/2', '404 there is no block of this height\n'],
      ['/blocks/-1', '404 there is no block of this height\n'],
      ['/blocks?from=x', '400 from must be a whole number of 0 or more\n'],
      ['/peers/1', '404 There is nothing here\n'],
      ['/healthz?follow', '200 ok\n'],
    ] as const) {
      assert.equal(says(await visit(node, path)), expected, path);
    }
  }));

test('who follows misses nothing and is given nothing twice, also when the node is killed', () =>
  followThroughKills(1));

test('a follower that reads slowly is given everything, a little later', () =>
  withHostedNodes(async (network) => {
    const count = 8000;
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const records = Array.from(
      { length: count },
      (_, id) => `{"id":"${id}","x":"${'x'.repeat(1000)}"}`,
    );
    await network.write('node-1/transactions.json', `[\n${records.join(',\n')}\n]\n`);
    const node = await network.launch('node-1', port).listening();
    const response = await openAnswer(node, '/transactions?follow&after=0');
    response.setEncoding('utf8');
    let lines = 0;
    let rest = '';
    let parts = 0;
    let asked: Promise<unknown> | undefined;
    response.on('data', (text: string) => {
      const all = `${rest}${text}`.split('\n');
      rest = all.pop() ?? '';
      lines += all.filter((line) => line.includes('"transaction":{')).length;
      parts += 1;
      if (parts % 20 > 0) return;
      // Until the node has answered others.
      response.pause();
      asked = visit(node, '/healthz').then(() => response.resume());
    });
    await until(
      () => `all lines, not ${lines}`,
      () => lines === count,
    );
    assert.ok(parts > 40, `${parts} parts`);
    await asked;
    response.destroy();
    assert.equal(node.stderr, '');
  }));

test('what comes from other nodes is followed too, in a block or not', () =>
  withHostedNodes(async (network) => {
    const [first, second] = await network.startMesh(2);
    assert.ok(first && second);
    const follower = new Follower();
    await follower.follow(second);
    const ids = makeIds('t', 30);
    for (const id of ids) await askStatus(first.address, makeTransaction(id));
    await until('all of them', () => follower.ids.length === ids.length);
    assert.deepEqual(follower.ids.toSorted(), ids.toSorted());
    await addBlock(first);
    const late = await network.startNode('node-3', [first.address]);
    const lateFollower = new Follower();
    await lateFollower.follow(late, 0);
    await until('all of them', () => lateFollower.ids.length === ids.length);
    assert.deepEqual(lateFollower.ids.toSorted(), ids.toSorted());
    for (const each of [follower, lateFollower]) each.close();
  }));

test('of its peers a node tells how long, how much and what went wrong', () =>
  withHostedNodes(async (network) => {
    const [first, second] = await network.startMesh(2);
    assert.ok(first && second);
    const gone = await network.trap();
    await network.startNode('node-3', [gone.address, first.address]);
    const third = await network.startNode('node-4', [first.address, `ws://localhost:${gone.port}`]);
    await askStatus(first.address, makeTransaction('a'));
    type Told = Record<string, unknown> & { state: string; direction: string; framesOut: number };
    const peersOf = async (): Promise<Told[]> => (await read(third, '/peers')).peers;
    await until('both directions', async () => {
      const kinds = (await peersOf()).map(({ kind, direction }) => `${kind} ${direction}`);
      return kinds.includes('node inbound') && kinds.includes('node outbound');
    });
    const out = (await peersOf()).find(
      ({ kind, direction }) => kind === 'node' && direction === 'outbound',
    );
    assert.ok(
      out !== undefined && out.framesOut > 0 && Number(out.bytesOut) > 0 && Number(out.since) > 0,
    );
    assert.deepEqual([out.version, out.state], [1, 'connected']);
    await gone.close();
    await until('the reason', async () => {
      const away = (await peersOf()).find(({ address }) => address === gone.address);
      return away?.state !== 'connected' && typeof away?.lastError === 'string';
    });
  }));
