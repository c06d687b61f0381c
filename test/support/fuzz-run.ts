/** A run of `npm run fuzz`, as a test. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { PROJECT, TEST_LIMIT_MS, until } from './helpers.js';
import { Program } from './program.js';
import { newSeed } from './property.js';

/**
 * Fuzzes in a process of its own, and ends that once it has said how it went: Node.js may hang at
 * the end of a process in which much was compiled (nodejs/node#54918).
 */
export async function fuzzFor(t: TestContext, seconds: number): Promise<void> {
  const args = ['--seed', String(newSeed(t)), '--seconds', String(seconds)];
  t.diagnostic(`replay it with npm run fuzz -- ${args.join(' ')}`);
  const fuzz = new Program(['test/guard/fuzz.js', ...args], PROJECT);
  try {
    const isOver = () => fuzz.stdout.includes('Nothing found: ') || fuzz.stderr !== '';
    await until('the end of it', () => isOver() || !fuzz.isRunning, TEST_LIMIT_MS);
  } finally {
    await fuzz.close();
  }
  assert.equal(fuzz.stderr, '');
  const [, rounds] = /Nothing found: (\d+) rounds/.exec(fuzz.stdout) ?? [];
  assert.ok(Number(rounds) > 0, fuzz.stdout);
}
