/** Pools that have grown apart, and become the same again by the next comparison, or the one after. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { give, makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { untilFullMesh, untilPoolsHold } from '../support/mesh.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

/** The longest that a reconciliation period can be. */
const PERIOD_MS = 36_000;

describe('pools become the same in time', { concurrency: 2 }, () => {
  test('though every third transaction is lost on the way', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(2);
      const [first, second] = nodes as [NodeProcess, NodeProcess];
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
      await give((nodes[0] as NodeProcess).address, ids);
      await untilPoolsHold(nodes, ids, 2 * PERIOD_MS);
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
      await give((nodes[0] as NodeProcess).address, ids);
      switchboard.heal(1, 2);
      await untilPoolsHold(nodes, ids, 30_000);
    }));

  test('after one was stopped for a minute of traffic', () =>
    withNetwork(async (network) => {
      const [first, second, stopped] = (await network.startMesh(3)) as NodeProcess[];
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
      await untilPoolsHold([stopped], ids);
    }));

  test('when one that was killed is back, and each side has what the other lacks', () =>
    withNetwork(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(3);
      const [first, second, killed] = nodes as [NodeProcess, NodeProcess, NodeProcess];
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
      await untilPoolsHold([first, second, back], [...before, ...meanwhile, ...alone]);
    }));

  test('every half a minute, between those who know how, with a HANDSHAKE before', () =>
    withNetwork(async (network) => {
      const partner = network.keep(await MeshPeer.open(honest([]), '0'.repeat(32)));
      await network.startNode('node-1', [partner.address]);
      const plain = await network.trap();
      await network.startNode('node-2', [plain.address]);
      await until('the first HANDSHAKEs', () => partner.asked('HANDSHAKE') === 2);
      await until('the first comparison', () => partner.asked('GET_NODES') === 1);
      await until('two others', () => partner.asked('GET_NODES') === 3, 4 * PERIOD_MS);
      const types = partner.heard.map((text) => JSON.parse(text).type);
      const period = ['HANDSHAKE', 'GET_NODES'];
      assert.deepEqual(types, ['HANDSHAKE', 'HANDSHAKE', 'GET_NODES', ...period, ...period]);
      assert.deepEqual(
        plain.callers.flatMap(({ frames }) => frames.map((frame) => JSON.parse(frame).type)),
        ['HANDSHAKE'],
      );
    }));
});
