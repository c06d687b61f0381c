/** The simulator, with more nodes, and with losses. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';
import { areFullMeshes, simulate } from '../support/simulated.js';
import { statusOf } from '../support/status.js';

async function peersOf(node: NodeProcess): Promise<number> {
  const { network } = await statusOf(node);
  return network.nodes.filter(({ state }) => state === 'connected').length;
}

describe('larger simulated networks', { concurrency: 2 }, () => {
  for (const nodes of [3, 50]) {
    test(`of ${nodes} are full meshes, where all get each transaction once`, () =>
      areFullMeshes(nodes));
  }

  test('with more nodes than slots are connected, and relay to all', async () => {
    const figures = await simulate('--nodes', '200', '--max-peers', '4', '--seed', '1');
    assert.match(figures.get('all connected') ?? '', /^\d+ s after/);
    assert.equal(figures.get('reached by relay'), '100 %');
    assert.match(figures.get('peers it dialled') ?? '', /, [4-9] to (8|9|1[0-2])$/);
  });

  test('that lose messages and nodes bring each transaction to all by comparing', async () => {
    const unsteady = ['--churn', '60', '--loss', '5', '--seed', '1'];
    const figures = await simulate('--nodes', '60', '--max-peers', '2', ...unsteady);
    assert.notEqual(figures.get('reached by relay'), '100 %');
    assert.equal(figures.get('and by comparing'), '100 %');
  });

  for (const [size, maxPeers] of [
    [5, 128],
    [6, 1],
  ] as const) {
    test(`have as many connections as ${size} real nodes with MAX_PEERS=${maxPeers}`, () =>
      withNetwork(async (network) => {
        const env = await network.read('node-1/.env');
        await network.write('node-1/.env', `${env.trimEnd()}\nMAX_PEERS=${maxPeers}\n`);
        const nodes = await network.startNodes(size);
        // One seed in a hundred leads to other links than the others, and than real nodes have.
        const args = ['--nodes', `${size}`, '--max-peers', `${maxPeers}`, '--seed', '1'];
        const expected = (await simulate(...args)).get('peers it dialled');
        let links = '';
        await until(
          () => `peers as simulated, ${expected}; there are ${links}`,
          async () => {
            const counts = await Promise.all(nodes.map(peersOf));
            const mean = counts.reduce((a, b) => a + b, 0) / size;
            links = `${mean.toFixed(1)}, ${Math.min(...counts)} to ${Math.max(...counts)}`;
            return links === expected;
          },
        );
      }));
  }
});
