/** When to kill a node that takes the longer chain of a peer, so that many kills hit the middle. */

import { watch } from 'node:fs';
import fc from 'fast-check';
import { Fixture, type Remains, type Scene } from './chain-fixture.js';
import type { NodeProcess } from './program.js';

/** When to kill a node: by how far it is with all its work, or with what it writes of it. */
export interface Kill {
  readonly by: 'time' | 'writes';
  /** From 0 at the beginning to 1 at the end. */
  readonly at: number;
  /** And how long after that. */
  readonly thenMs: number;
}

/** Evenly, for at its ends there is the least to see. */
const THOUSANDTHS = fc.noBias(fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000));

export const KILLS: fc.Arbitrary<Kill> = fc.record({
  by: fc.constantFrom('time', 'writes', 'writes', 'writes'),
  at: THOUSANDTHS,
  thenMs: THOUSANDTHS.map((n) => 8 * n),
});

/** How much a node has to do: in milliseconds, and in changes of its chain and its pool. */
interface Work {
  readonly ms: number;
  readonly writes: number;
}

/** Kills a node as often as there are kills, always in the same scene; tells what each has left. */
export async function killOften(scene: Scene, kills: readonly Kill[]): Promise<Remains[]> {
  const remains: Remains[] = [];
  await Fixture.run(scene, async (fixture) => {
    const work = await measure(fixture);
    for (const kill of kills) {
      const node = await (await fixture.launch()).listening();
      await interrupt(fixture, node, kill, work);
      remains.push(await fixture.recover(node));
    }
  });
  return remains;
}

/**
 * Has a node end in the midst of one step after the other, until it comes to the end of its work.
 *
 * @param first the first of these steps
 * @param every how many it is to the next one
 */
export async function killAtSteps(scene: Scene, first: number, every: number): Promise<Remains[]> {
  const remains: Remains[] = [];
  await Fixture.run(scene, async (fixture) => {
    for (let step = first; ; step += every) {
      const node = await (await fixture.launch(step)).listening();
      await fixture.offer(node);
      await fixture.untilTaken(node);
      if (node.isRunning) return;
      remains.push(await fixture.recover(node));
    }
  });
  return remains;
}

/** Lets a node come to the end of its work. */
async function measure(fixture: Fixture): Promise<Work> {
  const node = await (await fixture.launch()).listening();
  let writes = 0;
  const watcher = watch(node.folder, (event, file) => {
    if (isStep(event, file)) writes += 1;
  });
  const sinceMs = performance.now();
  await fixture.offer(node);
  await fixture.untilTaken(node);
  const ms = performance.now() - sinceMs;
  watcher.close();
  await node.end();
  return { ms, writes };
}

async function interrupt(
  fixture: Fixture,
  node: NodeProcess,
  { by, at, thenMs }: Kill,
  work: Work,
): Promise<void> {
  const kill = () => node.process.kill('SIGKILL');
  let writes = 0;
  const watcher = watch(node.folder, (event, file) => {
    if (by !== 'writes' || !isStep(event, file)) return;
    writes += 1;
    if (writes < at * work.writes) return;
    // A timer may be late by more than all of it takes.
    for (const untilMs = performance.now() + thenMs; performance.now() < untilMs; );
    kill();
  });
  await fixture.offer(node);
  // It may write less often than it did the first time.
  const timer = setTimeout(kill, by === 'time' ? at * work.ms : 3 * work.ms);
  await node.result();
  clearTimeout(timer);
  watcher.close();
}

/** A write to the chain or to the pool, or the beginning or end of a new file for the latter. */
function isStep(event: string, file: string | null): boolean {
  if (file === 'transactions.json.tmp') return event === 'rename';
  return file === 'blocks.json' || file === 'transactions.json';
}
