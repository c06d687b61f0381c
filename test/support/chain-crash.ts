import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { grow, text, trunkTo } from './chain.js';
import type { Remains, Scene } from './chain-fixture.js';
import { KILLS, killOften } from './chain-kills.js';
import { makeIds } from './client.js';
import { newSeed } from './property.js';

/** Side by side, each with a node of its own. */
export const WORKERS = 2;
const PAD = 'x'.repeat(200);

export const texts = (...ids: string[]) => ids.map((id) => text(id, PAD));

/** Has some nodes play at once, and tells what is left by the kills. */
export async function play(
  t: TestContext,
  playPart: (worker: number) => Promise<Remains[]>,
): Promise<Remains[]> {
  const parts = Array.from({ length: WORKERS }, (_, worker) => playPart(worker));
  const remains = (await Promise.all(parts)).flat();
  const times = new Map<string, number>();
  for (const { chain, isPoolBehind, files } of remains) {
    const what = [`chain ${chain}`, ...(isPoolBehind ? ['pool behind'] : []), ...files].join(', ');
    times.set(what, (times.get(what) ?? 0) + 1);
  }
  for (const [what, number] of times) t.diagnostic(`${number} times ${what}`);
  return remains;
}

/** Plays a scene with so many kills at random. */
export function playAtRandom(t: TestContext, scene: Scene, count: number): Promise<Remains[]> {
  const kills = fc.sample(KILLS, { seed: newSeed(t), numRuns: count });
  const share = Math.ceil(count / WORKERS);
  return play(t, (worker) => killOften(scene, kills.slice(share * worker, share * (worker + 1))));
}

// Some transactions are in both chains, in other blocks.
const numbers = (count: number) => [...Array(count).keys()];
export const ours = (count: number) =>
  grow(trunkTo(10), ...numbers(count).map((i) => texts(`ours ${i}`, `both ${i}`)));
export const theirs = (count: number) =>
  grow(trunkTo(10), ...numbers(count).map((i) => texts(`theirs ${i}`, `both ${count - i}`)));
export const POOL = texts(...makeIds('pooled ', 50), ...makeIds('theirs 3', 10));
