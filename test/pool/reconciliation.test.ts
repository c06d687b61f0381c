/** Pools that have grown apart, and become the same again. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { give, makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { untilFullMesh, untilPoolsHold } from '../support/mesh.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';

/** From being connected again to the same pools, 10,000 transactions apart. */
const LIMIT_MS = 10_000;
/** The longest that a reconciliation period can be. */
const PERIOD_MS = 36_000;

/** How many transactions a node says that it has fetched. */
function fetched(node: RunningNode): number {
  const lines = node.stdout.matchAll(/ reconciled: (\d+) transactions? that we lacked/g);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

// Side by side, for some of them wait for a minute.
describe('pools become the same', { concurrency: 4 }, () => {
  test('though every third transaction is lost on the way', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(2);
      const [first, second] = nodes as [RunningNode, RunningNode];
      switchboard.dropEvery = 3;
      const ids = [makeIds('a', 1000), makeIds('b', 1000)] as const;
      await Promise.all([give(first.address, ids[0]), give(second.address, ids[1])]);
      await until('losses', () => switchboard.dropped + switchboard.transactionCopies === 2000);
      assert.ok(switchboard.dropped > 600, `${switchboard.dropped} lost`);
      await untilPoolsHold(nodes, ids.flat(), 2 * PERIOD_MS);
    }));

  test('in one period, though nothing of one of them has arrived anywhere', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(7);
      switchboard.dropEvery = 1;
      const ids = makeIds('t', 100);
      await give((nodes[0] as RunningNode).address, ids);
      await untilPoolsHold(nodes, ids, PERIOD_MS + LIMIT_MS);
    }));

  test('after one was stopped for a minute of traffic', () =>
    withNetwork(async (network) => {
      const [first, second, stopped] = (await network.startMesh(3)) as RunningNode[];
      assert.ok(first && second && stopped);
      stopped.process.kill('SIGSTOP');
      const ids = makeIds('t', 10_000);
      for (let second_ = 0; second_ < 60; second_++) {
        const some = ids.slice((second_ * ids.length) / 60, ((second_ + 1) * ids.length) / 60);
        await give(second_ % 2 === 0 ? first.address : second.address, some);
        await sleep(1000);
      }
      await untilPoolsHold([first, second], ids);
      stopped.process.kill('SIGCONT');
      await untilFullMesh([first, second, stopped]);
      await untilPoolsHold([stopped], ids, LIMIT_MS);
    }));

  test('when one joins late, that fetches each transaction once, whomever it meets', () =>
    withNetwork(async (network) => {
      const nodes = await network.startMesh(4);
      const ids = makeIds('t', 10_000);
      await give((nodes[3] as RunningNode).address, ids);
      const late = await network.startNode('node-5', [(nodes[0] as RunningNode).address]);
      await untilPoolsHold([...nodes, late], ids, LIMIT_MS);
      await untilFullMesh([...nodes, late]);
      await until('a line about it', () => fetched(late) >= ids.length);
      assert.equal(fetched(late), ids.length);
      for (const node of nodes) assert.equal(fetched(node), 0);
    }));

  test('when one that was killed is back, and each side has what the other lacks', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(3);
      const [first, second, killed] = nodes as [RunningNode, RunningNode, RunningNode];
      const before = makeIds('before', 1000);
      await give(first.address, before);
      await untilPoolsHold(nodes, before);
      await killed.end('SIGKILL');
      const meanwhile = makeIds('meanwhile', 5000);
      await give(second.address, meanwhile);
      // Nobody else hears of these until it is connected again.
      switchboard.cutInTwo([2]);
      const back = await network.restart(killed);
      const alone = makeIds('alone', 5000);
      await give(back.address, alone);
      switchboard.healAll();
      await until('the connections', () => switchboard.isWhole(), 30_000);
      await untilPoolsHold([first, second, back], [...before, ...meanwhile, ...alone], LIMIT_MS);
    }));

  test('when the halves of a network that was cut are joined again', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(4);
      switchboard.cutInTwo([0, 1]);
      const [left, right] = [makeIds('left', 5000), makeIds('right', 5000)];
      await give((nodes[0] as RunningNode).address, left);
      await give((nodes[2] as RunningNode).address, right);
      await untilPoolsHold(nodes.slice(0, 2), left);
      await untilPoolsHold(nodes.slice(2), right);
      switchboard.healAll();
      await until('a connection', () => switchboard.isConnected(0, 2), 30_000);
      await untilPoolsHold(nodes, [...left, ...right], LIMIT_MS);
    }));

  test('of nodes in a row, each of which knows only its neighbours', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(4);
      for (const [a, b] of [
        [0, 2],
        [0, 3],
        [1, 3],
      ] as const) {
        switchboard.cut(a, b);
      }
      switchboard.cut(1, 2);
      const ids = makeIds('t', 100);
      await give((nodes[0] as RunningNode).address, ids);
      switchboard.heal(1, 2);
      await untilPoolsHold(nodes, ids, 30_000);
    }));

  test('every half a minute, between those who know how, with a HANDSHAKE before', () =>
    withNetwork(async (network) => {
      const partner = network.keep(await MeshPeer.open(honest([]), '0'.repeat(32)));
      await network.startNode('node-1', [partner.address]);
      const plain = await network.trap();
      await network.startNode('node-2', [plain.address]);
      await until('the first HANDSHAKEs', () => partner.asked('HANDSHAKE') === 2);
      await until('two comparisons', () => partner.asked('GET_NODES') === 2, 80_000);
      const types = partner.heard.map((text) => JSON.parse(text).type);
      const period = ['HANDSHAKE', 'GET_NODES'];
      assert.deepEqual(types, ['HANDSHAKE', 'HANDSHAKE', ...period, ...period]);
      assert.deepEqual(
        plain.callers.flatMap(({ frames }) => frames.map((frame) => JSON.parse(frame).type)),
        ['HANDSHAKE'],
      );
    }));
});
