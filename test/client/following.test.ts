/** A program reads what a node takes: nothing is missed, nothing comes twice, and nothing is without end. */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { connect } from '../../lib/client/index.js';
import { addBlock } from '../support/block-maker.js';
import { give, makeIds } from '../support/client.js';
import { all, lineAt, withFakeAnswers } from '../support/fake-node.js';
import { bytesUnderWay, DEADLINE_MS, makeTransaction, until, within } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';

test('a loop gets each transaction once, also of a node that is killed and started again meanwhile', () =>
  withNetwork(async (network) => {
    let node = await network.startNode();
    const sent = makeIds('before ', 300);
    await give(node.address, sent);
    const lost: string[] = [];
    const client = await connect(node.address, { onLost: ({ message }) => lost.push(message) });
    const read: { id: unknown; place: number; block: number | null }[] = [];
    const loop = (async () => {
      for await (const { transaction, place, block } of client.transactions({ after: 0 })) {
        read.push({ id: transaction.id, place, block });
        if (transaction.id === 'last') break;
      }
    })();
    for (let round = 0; round < 3; round++) {
      await until('some of them', () => read.length > 100 * (round + 1));
      const told = lost.length;
      await node.end('SIGKILL');
      if (round === 0) await until('word that it is away', () => lost.length > told);
      node = await network.restart(node);
      const more = makeIds(`after ${round} `, 100);
      await give(node.address, more);
      sent.push(...more);
      if (round === 1) await addBlock(node);
    }
    await give(node.address, ['last']);
    await within(DEADLINE_MS, loop);
    assert.deepEqual(
      read.map(({ id }) => id),
      [...sent, 'last'],
    );
    assert.deepEqual(
      read.map(({ place }) => place),
      read.map((_, i) => i + 1),
    );
    assert.match(lost[0] as string, /No node is listening/);
    await client.close();
  }));

test('without a place a loop begins with what comes, with one at any other; a block is told', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await give(node.address, ['a', 'b']);
    await addBlock(node);
    await give(node.address, ['c']);
    const client = await connect(node.address);
    const news = client.transactions();
    let first: number | undefined;
    const reading = news.next().then(({ value }) => {
      first = value?.place;
    });
    await until('something new', async () => {
      await client.add({});
      return first !== undefined;
    });
    await reading;
    assert.ok(first !== undefined && first > 3, `${first}`);
    await news.return();
    const later: unknown[] = [];
    for await (const { place, block, transaction } of client.transactions({ after: 1 })) {
      later.push([place, block, transaction.id]);
      if (place === 3) break;
    }
    assert.deepEqual(later, [
      [2, 1, 'b'],
      [3, null, 'c'],
    ]);
    for (const after of [-1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => client.transactions({ after }), { name: 'RangeError' });
    }
    await client.close();
  }));

test('blocks, a block and the status are those of the node', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await give(node.address, ['a', 'b']);
    const made = [await addBlock(node), await addBlock(node)];
    const client = await connect(node.address);
    const blocks = await all(client.blocks({ from: 1 }));
    assert.deepEqual(
      blocks.map(({ height, hash }) => [height, hash]),
      made.map(({ height, hash }) => [height, hash]),
    );
    assert.deepEqual(blocks[0]?.transactions, ['a', 'b'].map(makeTransaction));
    assert.equal((await all(client.blocks())).length, 3);
    assert.deepEqual(await all(client.blocks({ from: 9 })), []);
    assert.deepEqual(await client.block(1), blocks[0]);
    assert.equal(await client.block(3), undefined);
    await assert.rejects(client.block(-1), { name: 'RangeError' });
    const status = await client.status();
    assert.deepEqual(
      [status.node.address, status.chain.height, status.pool.transactions],
      [node.address, 2, 0],
    );
    assert.deepEqual(status.network.nodes[0], { address: node.address, state: 'self' });
    await client.close();
  }));

test('break, return, the signal and close end the request; the signal with its reason', () => {
  const begin = (_: string, response: ServerResponse) =>
    void response.write(lineAt(0, null) + lineAt(1));
  return withFakeAnswers(begin, async (client, fake) => {
    const ended = () => until('the end of the request', () => fake.open.size === 0);
    for await (const { place } of client.transactions({ after: 0 })) {
      assert.equal(place, 1);
      assert.equal(fake.open.size, 1);
      break;
    }
    await ended();

    const whatWaits = async (signal?: AbortSignal) => {
      const options = signal === undefined ? { after: 0 } : { after: 0, signal };
      const loop = client.transactions(options);
      await loop.next();
      return loop.next();
    };
    const stop = new AbortController();
    const waiting = whatWaits(stop.signal);
    await until('the request', () => fake.open.size === 1);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /^Error: enough$/);
    await ended();
    await assert.rejects(whatWaits(AbortSignal.abort()), { name: 'AbortError' });

    const last = whatWaits();
    await until('the request', () => fake.open.size === 1);
    await client.close();
    assert.deepEqual(await last, { done: true, value: undefined });
    await ended();
    assert.deepEqual(await all(client.transactions()), []);
    await assert.rejects(client.status(), /the client is closed/);
  });
});

test('a loop that takes its time makes the node wait, and misses nothing of it', async () => {
  const boundBytes = 2 * (await bytesUnderWay()) + 1024 * 1024;
  const text = 'x'.repeat(10_000);
  let written = 0;
  const pour = (_: string, response: ServerResponse) => {
    const write = () => {
      do written += 1;
      while (response.write(lineAt(written, { text })));
    };
    response.write(lineAt(0, null));
    response.on('drain', write);
    write();
  };
  await withFakeAnswers(pour, async (client) => {
    let taken = 0;
    for await (const { place } of client.transactions({ after: 0 })) {
      taken += 1;
      assert.equal(place, taken);
      if (taken === 1) {
        let before = 0;
        await until('a node that waits', () => {
          const isWaiting = before === written;
          before = written;
          return isWaiting;
        });
        assert.ok(written * text.length < boundBytes, `${written} lines`);
      }
      if (taken * text.length > 2 * boundBytes) break;
    }
  });
});

test('a node that breaks off, or ends its answer, is asked again from the same place', () => {
  let asked = 0;
  const begin = (path: string, response: ServerResponse) => {
    asked += 1;
    const after = Number(/after=(\d+)/.exec(path)?.[1] ?? 10);
    response.write(lineAt(after, null));
    if (asked === 1) response.end('{"place":11,"blo');
    else if (asked === 2) response.end(`\n\n${lineAt(11)}${lineAt(12).slice(0, 20)}`);
    else if (asked === 3) response.destroy();
    else response.write(lineAt(12));
  };
  return withFakeAnswers(begin, async (client, fake) => {
    const places: number[] = [];
    for await (const { place } of client.transactions()) {
      places.push(place);
      if (place === 12) break;
    }
    assert.deepEqual(places, [11, 12]);
    const [first, ...others] = fake.asked.map((path) => path.replace('/transactions?follow', ''));
    assert.deepEqual([first, ...others], ['', '&after=10', '&after=11', '&after=11']);
  });
});
