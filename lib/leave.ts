/** How a node leaves: its peers are told, and nothing is lost. */

import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from './limits.js';
import { fail } from './log.js';
import type { Connection } from './peers/connection.js';

interface Saved {
  /** Resolves when everything is on disk. */
  saved(): Promise<void>;
}

interface Leaving {
  /** Stops the node from beginning anything new. */
  stop(): void;
  /** Resolves with the servers as soon as they listen. */
  readonly listening: Promise<readonly Server[]>;
  readonly connections: ReadonlySet<Connection>;
  readonly pool: Saved;
  /** What else must be saved. */
  readonly others: readonly Saved[];
}

/**
 * Leaves on Ctrl-C, and on the other signals that ask a process to end: closes the connections,
 * writes what is not yet on disk, and exits. A second signal ends the process at once.
 */
export function leaveOnSignal(leaving: Leaving): void {
  let sinceMs: number | undefined;
  const processOnSignal = () => {
    // npm and other runners repeat a Ctrl-C that the terminal has already delivered.
    const isRepeated = sinceMs !== undefined && performance.now() - sinceMs > LIMITS.signalRepeatMs;
    if (isRepeated) process.exit(1);
    if (sinceMs !== undefined) return;
    sinceMs = performance.now();
    leave(leaving);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, processOnSignal);
  // Under npm start a node ends with it, also when that is killed and can end nothing any more.
  if (process.env.RUNNER === String(process.ppid)) whenParentEnds(processOnSignal);
}

/** Calls back when the process that has started this one is gone, however that ended. */
export function whenParentEnds(act: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    act();
  }, LIMITS.parentIntervalMs).unref();
}

async function leave({ stop, listening, connections, pool, others }: Leaving): Promise<void> {
  setTimeout(() => fail('Left before all was saved'), LIMITS.leaveTimeoutMs);
  stop();
  // Not awaited: a name server that does not answer may keep us from listening.
  listening.then((listeners) => {
    for (const listener of listeners) listener.close();
  });
  // Accepted transactions get their receipts before their connections close.
  await Promise.race([pool.saved(), sleep(LIMITS.receiptsTimeoutMs)]);
  for (const { socket } of connections) socket.close(1001, 'leaving');
  const closeBy = performance.now() + LIMITS.closeTimeoutMs;
  while (connections.size > 0 && performance.now() < closeBy) await sleep(10);
  await Promise.all([pool, ...others].map((each) => each.saved()));
  process.exit(0);
}
