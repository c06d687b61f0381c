/**
 * How fast a transaction gets to all nodes, and what it costs each of them: a large number is handed
 * to one node at full speed. Of ours, it is there when it is on the disk.
 */

import type { Experiment, Group, Opened } from './experiment.js';
import type { Fleet } from './fleet.js';
import { OurFleet } from './our-fleet.js';
import { openFleet, type System } from './systems.js';
import { attempt } from './trial.js';

/** How many transactions are handed in, so that a run takes a second or two. */
const COUNTS: Readonly<Record<System, Readonly<Record<number, number>>>> = {
  ours: { 3: 80_000, 10: 20_000, 20: 10_000, 40: 5_000 },
  gossipsub: { 3: 6_000, 10: 600, 20: 200, 40: 100 },
  'gossipsub signed': { 3: 2_000, 10: 200, 20: 80, 40: 40 },
  'plain-style': { 3: 400, 10: 200, 20: 100, 40: 40 },
  'bare ws': { 3: 200_000, 10: 60_000, 20: 25_000, 40: 10_000 },
};
/** So many runs before the first that counts: code that is new to Node.js runs slowly at first. */
const WARM_UP_RUNS = 2;
/** Those whose cost grows with what they hold must all hold equally much. */
const REWRITTEN = 4_000;
const REWRITTEN_WARM_UP: Readonly<Record<'ours' | 'plain-style', number>> = {
  ours: 80_000,
  'plain-style': 400,
};
const POOLED = [0, 100_000, 1_000_000];

/** The sizes of network that are measured. */
export const RELAY_SIZES = [3, 10, 20, 40];

/** All systems, with so many nodes each. */
export function relayGroup(size: number): Group {
  return (Object.keys(COUNTS) as System[]).map((system) => {
    const count = COUNTS[system][size] as number;
    return {
      name: `relay, ${size} nodes`,
      system,
      open: async () => relay(await openFleet(system, size), 0, count, WARM_UP_RUNS * count),
    };
  });
}

/**
 * Ours and the one that writes its file anew each time: it begins each run with none, which ours,
 * that only appends, does not need.
 */
export function rewritingGroup(): Group {
  return (['ours', 'plain-style'] as const).map((system) => ({
    name: `relay of ${REWRITTEN} transactions, 3 nodes`,
    system,
    open: async () => relay(await openFleet(system, 3), 0, REWRITTEN, REWRITTEN_WARM_UP[system]),
  }));
}

/** Ours, with pools that hold nothing, or much. */
export function pooledGroup(): Group {
  const count = COUNTS.ours[3] as number;
  return POOLED.map(
    (pooled): Experiment => ({
      name: `relay, 3 nodes, ${pooled} pooled`,
      system: 'ours',
      open: async () => relay(await OurFleet.open(3, pooled), pooled, count, WARM_UP_RUNS * count),
    }),
  );
}

/**
 * @param from the number of the first transaction
 * @param warmUp how many are handed in before the first run
 */
async function relay(fleet: Fleet, from: number, count: number, warmUp: number): Promise<Opened> {
  let next = from;
  const handIn = (count: number) => {
    const load = { from: next, count };
    next += count;
    return attempt(fleet, load, false);
  };
  try {
    await handIn(warmUp);
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return {
    async run() {
      const { injected, arrival, processorMs } = await handIn(count);
      const seconds = (arrival.completeMs - (injected[0] as number)) / 1000;
      return {
        'tx/s': count / seconds,
        'CPU µs/tx/node': (processorMs * 1000) / count / fleet.pids.length,
      };
    },
    pause: () => fleet.pause(),
    resume: () => fleet.resume(),
    close: () => fleet.close(),
  };
}
