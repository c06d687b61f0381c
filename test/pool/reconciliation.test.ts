/** Pools that have grown apart, and become the same again. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { give, makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import { untilFullMesh, untilPoolsHold } from '../support/mesh.js';
import type { RunningNode } from '../support/program.js';

/** How many transactions a node says that it has fetched. */
function fetched(node: RunningNode): number {
  const lines = node.stdout.matchAll(/ reconciled: (\d+) transactions? that we lacked/g);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

// Side by side, for some of them wait for a minute.
describe('pools become the same', { concurrency: 4 }, () => {
  test('when one joins late, that fetches each transaction once, whomever it meets', () =>
    withHostedNodes(async (network) => {
      const nodes = await network.startMesh(4);
      const ids = makeIds('t', 10_000);
      await give((nodes[3] as HostedNode).address, ids);
      const late = await network.startNode('node-5', [(nodes[0] as HostedNode).address]);
      await untilPoolsHold([...nodes, late], ids);
      await untilFullMesh([...nodes, late]);
      await until('a line about it', () => fetched(late) >= ids.length);
      assert.equal(fetched(late), ids.length);
      for (const node of nodes) assert.equal(fetched(node), 0);
    }));

  test('when the halves of a network that was cut are joined again', () =>
    withHostedNodes(async (network) => {
      const { nodes, switchboard } = await network.startBehindSwitchboard(4);
      switchboard.cutInTwo([0, 1]);
      const [left, right] = [makeIds('left', 5000), makeIds('right', 5000)];
      await give((nodes[0] as HostedNode).address, left);
      await give((nodes[2] as HostedNode).address, right);
      await untilPoolsHold(nodes.slice(0, 2), left);
      await untilPoolsHold(nodes.slice(2), right);
      switchboard.healAll();
      await until('a connection', () => switchboard.isConnected(0, 2), 30_000);
      await untilPoolsHold(nodes, [...left, ...right]);
    }));
});
