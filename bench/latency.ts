/**
 * How long a transaction takes to reach all nodes at a pace that leaves time between transactions:
 * from the injector's write until the last node has it. A node of ours has it when it is in the
 * file. This process watches the file and reads what is new after each write, which adds some
 * 0.1 ms to our figures. Nodes of other systems record the time themselves, as they get it.
 */

import type { Group, Opened } from './experiment.js';
import { median, percentile } from './figures.js';
import { openFleet, type System } from './systems.js';
import { attempt } from './trial.js';

const SIZE = 3;
const PER_SECOND = 1_000;
const SECONDS = 3;
const WARM_UP_SECONDS = 4;
/**
 * How many are handed in before, at full speed, and then some at the pace: code that is new to
 * Node.js runs slowly at first.
 */
const WARM_UP: ReadonlyMap<System, number> = new Map([
  ['ours', 80_000],
  ['gossipsub', 10_000],
]);

/** Systems that keep up with the pace. */
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
