/**
 * How fast transactions reach all nodes, and what that costs each node: a large number is handed to
 * one node at full speed. At a node of ours, a transaction has arrived when it is on disk.
 */

import { type Group, type Opened, OURS } from './experiment.js';
import type { Fleet } from './fleet.js';
import { OurFleet } from './our-fleet.js';
import { openFleet, SYSTEMS, type System, whyMissing } from './systems.js';
import { attempt } from './trial.js';

/** Numbers of transactions to hand in. */
interface Work {
  /** Before the first run: code that is new to Node.js runs slowly at first. */
  readonly warmUp: number;
  /** In each run, so that it takes a second or two. */
  readonly count: number;
}

/** By the number of nodes. */
const WORK: Readonly<Record<System, Readonly<Record<number, Work>>>> = {
  ours: {
    3: { warmUp: 120_000, count: 80_000 },
    10: { warmUp: 120_000, count: 30_000 },
    20: { warmUp: 120_000, count: 15_000 },
    40: { warmUp: 30_000, count: 8_000 },
  },
  gossipsub: {
    3: { warmUp: 20_000, count: 8_000 },
    10: { warmUp: 3_000, count: 600 },
    20: { warmUp: 1_000, count: 200 },
    40: { warmUp: 240, count: 60 },
  },
  'gossipsub signed': {
    3: { warmUp: 6_000, count: 2_500 },
  },
  'plain-style': {
    3: { warmUp: 400, count: 400 },
  },
  'NATS JetStream': {
    3: { warmUp: 30_000, count: 20_000 },
  },
  'bare ws': {
    3: { warmUp: 300_000, count: 200_000 },
    10: { warmUp: 100_000, count: 60_000 },
  },
};
/** For systems whose cost grows with what they hold: all must hold the same. */
const REWRITTEN = 4_000;
const POOLED: Readonly<Partial<Record<System, readonly number[]>>> = {
  ours: [0, 100_000, 1_000_000, 3_000_000],
  // To give them more takes minutes, since nobody can write their files for them.
  'NATS JetStream': [0, 100_000],
};
/** What NATS is given before a run, at once. */
const PIECE = 100_000;

/**
 * All systems that can have so many, with `size` nodes each.
 *
 * @param share how much of the work to do, to try it out
 */
export function relayGroup(size: number, share = 1): Group {
  const systems = SYSTEMS.filter((system) => WORK[system][size] !== undefined);
  return systems.map((system) => ({
    name: `relay, ${size} nodes`,
    system,
    missing: whyMissing(system),
    open: async () => relay(await openFleet(system, size), workOf(system, size, share)),
  }));
}

/**
 * Ours, and the system that rewrites its whole file each time. That one begins each run with an
 * empty file; ours only appends, and does not need to.
 */
export function rewritingGroup(): Group {
  return (['ours', 'plain-style'] as const).map((system) => ({
    name: `relay of ${REWRITTEN.toLocaleString('en')}, 3 nodes`,
    system,
    open: async () => {
      return relay(await openFleet(system, 3), { ...workOf(system, 3), count: REWRITTEN });
    },
  }));
}

/**
 * Those that keep what they have and do not rewrite it, with pools from empty to large.
 *
 * @param most number of transactions in the largest pool
 * @param share how much of the work to do, with pools as much smaller, to try it out
 */
export function pooledGroup(most: number, share = 1): Group {
  return Object.entries(POOLED).flatMap(([name, sizes]) => {
    const system = name as System;
    const pools = sizes.map((pooled) => pooled * share).filter((pooled) => pooled <= most);
    return pools.map((pooled) => ({
      name: `relay, 3 nodes, ${pooled.toLocaleString('en')} pooled`,
      system,
      missing: whyMissing(system),
      open: async () => relay(await openPooled(system, pooled), workOf(system, 3, share), pooled),
    }));
  });
}

/** Ours find the transactions in their files; others are given them. */
async function openPooled(system: System, pooled: number): Promise<Fleet> {
  if (system === OURS) return OurFleet.open(3, pooled);
  const fleet = await openFleet(system, 3);
  try {
    for (let from = 0; from < pooled; from += PIECE) {
      await attempt(fleet, { from, count: Math.min(PIECE, pooled - from) }, false);
    }
    return fleet;
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

/** @param pooled number of transactions in the pools at the beginning */
export async function relay(fleet: Fleet, { warmUp, count }: Work, pooled = 0): Promise<Opened> {
  let next = pooled;
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

/** The numbers of transactions for `size` nodes of a system. */
export function workOf(system: System, size: number, share = 1): Work {
  const work = WORK[system][size];
  if (work === undefined) throw new Error(`nothing is known of ${size} nodes`);
  const { warmUp, count } = work;
  return { warmUp: Math.ceil(warmUp * share), count: Math.ceil(count * share) };
}
