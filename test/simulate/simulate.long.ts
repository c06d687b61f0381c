/** The simulator, with more nodes, and with losses. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROJECT } from '../support/helpers.js';
import { Program } from '../support/program.js';

const RUN = 'simulate/run.js';

/** Simulates a network, and returns what is said of it: each figure by its name. */
async function simulate(...args: string[]): Promise<Map<string, string>> {
  const { code, stdout, stderr } = await new Program([RUN, ...args], PROJECT).result();
  assert.equal(code, 0, stderr);
  return new Map(
    stdout.split('\n').map((line) => [line.slice(0, 22).trim(), line.slice(22).trim()]),
  );
}

describe('larger simulated networks', { concurrency: 2 }, () => {
  test('with more nodes than there are places are connected, and relay to all', async () => {
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
});
