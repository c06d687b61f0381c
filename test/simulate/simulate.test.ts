/** The simulator: it repeats itself, and does what real nodes do. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { outcomeOfScript } from '../support/failing.js';
import { PROJECT } from '../support/helpers.js';
import { Program } from '../support/program.js';
import { areFullMeshes, RUN, simulate } from '../support/simulated.js';

describe('simulated networks', { concurrency: 2 }, () => {
  test('are the same for the same seed, and others for another', async () => {
    const args = ['--nodes', '20', '--max-peers', '4', '--churn', '20', '--loss', '0.5'];
    const run = async (seed: string) =>
      [...(await simulate(...args, '--seed', seed))].slice(1).join('\n');
    const [first, again, other] = await Promise.all([run('7'), run('7'), run('8')]);
    assert.equal(first, again);
    assert.notEqual(first, other);
  });

  test('of 12 are full meshes, where all get each transaction once', () => areFullMeshes(12));

  test('of which nobody is left have figures of nothing', async () => {
    const figures = await simulate(
      ...['--nodes', '2', '--churn', '1000', '--transactions', '1', '--seed', '1'],
    );
    assert.equal(figures.get('nodes up'), '0 of 2');
    assert.doesNotMatch([...figures.values()].join(), /NaN|Infinity/);
  });

  test('take no numbers that make no sense, and say so in one line', async () => {
    for (const args of [
      ['--nodes', '1'],
      ['--nodes', 'many'],
      ['--nodes', '2.5'],
      ['--max-peers', '129'],
      ['--loss', '101'],
      ['--seed', ''],
    ]) {
      const { stderr } = await outcomeOfScript(join(PROJECT, RUN), args);
      assert.match(stderr, /^[^\n]+\n$/, args.join(' '));
    }
    const { code, stdout, stderr } = await new Program([RUN, '--size', '3'], PROJECT).result();
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^[^\n]+\n$/);
  });
});
