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
