/** A run of the simulator. */

import assert from 'node:assert/strict';
import { PROJECT } from './helpers.js';
import { Program } from './program.js';

export const RUN = 'simulate/run.js';

/** Simulates a network, and returns what is said of it: each figure by its name. */
export async function simulate(...args: string[]): Promise<Map<string, string>> {
  const { code, stdout, stderr } = await new Program([RUN, ...args], PROJECT).result();
  assert.equal(code, 0, stderr);
  return new Map(
    stdout.split('\n').map((line) => [line.slice(0, 22).trim(), line.slice(22).trim()]),
  );
}

/** Checks that so many nodes are all connected to all, and relay to each just once. */
export async function areFullMeshes(nodes: number): Promise<void> {
  const figures = await simulate('--nodes', `${nodes}`);
  const others = `${nodes - 1}.0, ${nodes - 1} to ${nodes - 1}`;
  assert.equal(figures.get('peers it dialled'), others);
  assert.equal(figures.get('peers that dialled it'), others);
  assert.equal(figures.get('reached by relay'), '100 %');
  assert.equal(figures.get('copies per node'), ((nodes - 1) / nodes).toFixed(1));
  assert.match(figures.get('hops') ?? '', /, 1 at most$/);
}
