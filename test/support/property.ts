/** Tests with random content. Apart from the other helpers, because many tests need no more. */

import type { TestContext } from 'node:test';
import fc from 'fast-check';

/** A seed for what a test does at random; printed, and given back to it with SEED=… npm test. */
export function newSeed(t: TestContext): number {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  return seed;
}

export function checkProperty<T>(t: TestContext, property: fc.IProperty<T>, numRuns = 500): void {
  fc.assert(property, { seed: newSeed(t), numRuns: runsOf(numRuns) });
}

/** How often a property is tried: in the short tests, with a fifth of what the long ones take. */
export function runsOf(all: number): number {
  return process.env.ALL_RUNS === undefined ? Math.ceil(all / 5) : all;
}

/**
 * Of many cases each fifth in the short tests, beginning at random, and all of them in the long ones.
 *
 * @param count the cases are the numbers from 0 up to it
 */
export function casesOf(t: TestContext, count: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (process.env.ALL_RUNS !== undefined) return all;
  const first = newSeed(t) % 5;
  return all.filter((i) => i % 5 === first);
}

/** Any character there is. The unit `binary` of fast-check lists them all first, for a second. */
export const ANY_CHARACTER = fc
  .nat({ max: 0x10_ffff - 0x800 })
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));
