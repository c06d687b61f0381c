/**
 * How long a transaction takes to all nodes when they come at a pace that leaves time between them:
 * from when the injector writes it until the last node has it. Ours has it when it is in the file,
 * which is seen by this process: the system tells it of each write, and it reads what is new, so
 * some 0.1 ms of ours are the observer's. The others note the time themselves, as they get it.
 */

import type { Group, Opened } from './experiment.js';
import { median, percentile } from './figures.js';
import { openFleet, type System } from './systems.js';
import { attempt } from './trial.js';

const SIZE = 3;
const PER_SECOND = 1_000;
const SECONDS = 3;
const WARM_UP_SECONDS = 9;
/**
 * Handed in at full speed before, and then some at the pace: code that is new to Node.js runs
 * slowly at first.
 */
const WARM_UP: ReadonlyMap<System, number> = new Map([
  ['ours', 80_000],
  ['gossipsub', 10_000],
  ['gossipsub signed', 4_000],
  ['bare ws', 80_000],
]);

/** All systems that keep up with the pace. */
export function latencyGroup(): Group {
  return [...WARM_UP].map(([system, warmUp]) => ({
    name: `latency at ${PER_SECOND.toLocaleString('en')}/s, ${SIZE} nodes`,
    system,
    open: () => pace(system, warmUp),
  }));
}

async function pace(system: System, warmUp: number): Promise<Opened> {
  const fleet = await openFleet(system, SIZE);
  const count = PER_SECOND * SECONDS;
  const paced = PER_SECOND * WARM_UP_SECONDS;
  let next = warmUp + paced;
  try {
    await attempt(fleet, { from: 0, count: warmUp }, false);
    await attempt(fleet, { from: warmUp, count: paced, perSecond: PER_SECOND }, false);
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return {
    async run() {
      const load = { from: next, count, perSecond: PER_SECOND };
      next += count;
      const { injected, arrival } = await attempt(fleet, load, true);
      const delaysMs = injected.map((atMs, place) => (arrival.timesMs[place] as number) - atMs);
      return { 'median ms': median(delaysMs), 'p99 ms': percentile(delaysMs, 99) };
    },
    pause: () => fleet.pause(),
    resume: () => fleet.resume(),
    close: () => fleet.close(),
  };
}
