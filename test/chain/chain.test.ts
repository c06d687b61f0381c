/** One chain, whoever makes the blocks, whoever was away, and whatever was cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { addBlock } from '../support/block-maker.js';
import {
  addByCommand,
  chainFile,
  includedIds,
  poolIds,
  untilOneChain,
  untilPoolsAre,
} from '../support/chain-checks.js';
import { askStatus, give, makeIds } from '../support/client.js';
import { makeTransaction, until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import { type AnyNetwork, withNetwork } from '../support/network.js';

/** A node that is cut off dials again after a while, and then it takes two seconds. */
const HEALING_MS = 60_000;

test('nodes that add blocks in turn have one chain to the byte, and the same pools', () =>
  withHostedNodes(async (network) => {
    const nodes = await network.startMesh(3);
    const ids: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const node = nodes[turn % 3] as HostedNode;
      // Once as people do it.
      if (turn === 0) ids.push(await addTransaction(network, node));
      ids.push(`also ${turn}`);
      await give(node.address, [`also ${turn}`]);
      if (turn === 0) await addByCommand(network, node);
      else await addBlock(node);
      await untilOneChain(nodes, turn + 1);
    }
    await give((nodes[0] as HostedNode).address, ['left over']);
    await untilPoolsAre(nodes, ['left over']);
    assert.deepEqual(includedIds(await untilOneChain(nodes, 4)), ids);
  }));

test('each node tells once of each block, in a line that names it', () =>
  withHostedNodes(async (network) => {
    const nodes = await network.startMesh(3);
    await give((nodes[0] as HostedNode).address, ['a', 'b', 'c']);
    await untilPoolsAre(nodes, ['a', 'b', 'c']);
    await addBlock(nodes[0] as HostedNode);
    const [, block] = await untilOneChain(nodes, 1);
    for (const node of nodes) {
      const lines = () => node.lines.filter((line) => line.includes('] new block: '));
      await until('a line about it', () => lines().length > 0);
      assert.equal(lines().length, 1);
      const expected = `[${node.port}] new block: 1 (${block?.hash.slice(0, 8)}…), 3 transactions, from `;
      assert.ok(lines()[0]?.startsWith(expected), lines()[0]);
    }
  }));

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`chain and pool are the same after ${signal} and another start`, () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const [included, pooled] = [makeIds('included', 300), makeIds('pooled', 200)];
      await give(node.address, included);
      await addBlock(node);
      await give(node.address, pooled);
      await untilOneChain([node], 1);
      const text = await fs.readFile(chainFile(node), 'utf8');
      await node.end(signal);
      const again = await network.restart(node);
      assert.equal(await fs.readFile(chainFile(node), 'utf8'), text);
      await untilPoolsAre([again], pooled);
      assert.deepEqual(
        new Set(await askStatus(again.address, ...[...included, ...pooled].map(makeTransaction))),
        new Set(['known']),
      );
      await addBlock(again);
      const chain = await untilOneChain([again], 2);
      assert.deepEqual(includedIds(chain), [...included, ...pooled]);
    }));
}

test('what was included while a node was away does not come back from its pool', () =>
  withHostedNodes(async (network) => {
    const { nodes, switchboard } = await network.startBehindSwitchboard(3);
    const [first, second, away] = nodes as [HostedNode, HostedNode, HostedNode];
    const ids = makeIds('included', 500);
    await give(first.address, ids);
    await untilPoolsAre(nodes, ids);
    switchboard.cutInTwo([2]);
    await addBlock(first);
    await untilOneChain([first, second], 1);
    await untilPoolsAre([first, second], []);
    // By this one it is seen that the pools have been compared.
    await give(away.address, ['alone']);
    let mostAtOnce = 0;
    switchboard.healAll();
    await until(
      'the pools to be compared',
      async () => {
        const pools = await Promise.all([first, second].map(poolIds));
        mostAtOnce = Math.max(mostAtOnce, ...pools.map((pool) => pool.length));
        return pools.every((pool) => pool.includes('alone'));
      },
      HEALING_MS,
    );
    await untilOneChain(nodes, 1);
    await untilPoolsAre(nodes, ['alone']);
    assert.equal(mostAtOnce, 1);
  }));

test('a clone starts with a chain of its own', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await addBlock(node);
    await untilOneChain([node], 1);
    for (const ending of ['.torn', '.5-000b2806']) {
      await network.write(`node-1/blocks.json${ending}`, '[\n]\n');
    }
    await cloneNode(network.root);
    const files = await fs.readdir(network.path('node-2'));
    assert.deepEqual(
      files.filter((file) => file.startsWith('blocks.json')),
      [],
    );
    assert.ok(files.includes('index.js'), 'a clone has the code');
  }));

/** Runs add-transaction.js against a node; returns the id. */
async function addTransaction(network: AnyNetwork, { name }: HostedNode): Promise<string> {
  const { stdout } = await network.run(['add-transaction.js', '--node', name]);
  return / accepted transaction (\w+)\n$/.exec(stdout)?.[1] ?? assert.fail(stdout);
}
