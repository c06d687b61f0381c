/** One run: hands transactions to a fleet, and measures when all its nodes have them. */

import { within } from '../test/support/helpers.js';
import type { Arrival, Fleet } from './fleet.js';
import { Injection, type Load } from './injection.js';
import type { Injected } from './injector.js';
import { processorMs } from './machine.js';

export interface Outcome {
  /** When they were handed in. */
  readonly injected: Injected;
  readonly arrival: Arrival;
  /** Processor time of all nodes of the fleet together. */
  readonly processorMs: number;
}

const LIMIT_MS = 120_000;

/**
 * Hands transactions in, and waits for them at all nodes.
 *
 * @param isTimed whether to record when each arrives
 * @throws Error if not everything is delivered, or more than that
 */
export async function attempt(fleet: Fleet, load: Load, isTimed: boolean): Promise<Outcome> {
  const injection = await Injection.prepare(fleet.door, load);
  try {
    const { arrival } = await fleet.expect({ from: load.from, count: load.count, isTimed });
    const beforeMs = processorMs(fleet.pids);
    const [injected, arrived] = await within(LIMIT_MS, Promise.all([injection.run(), arrival]));
    const usedMs = processorMs(fleet.pids) - beforeMs;
    await fleet.check();
    return { injected, arrival: arrived, processorMs: usedMs };
  } finally {
    injection.close();
  }
}
