/** A fleet: the nodes of one system that are measured together. */

import fs from 'fs-extra';

/** Time after which resumed processes have caught up with what they missed. */
export const SETTLE_MS = 250;
/** Time after which a transaction that comes twice has come, once all nodes have all of them. */
export const LINGER_MS = 100;

/** When transactions arrived. */
export interface Arrival {
  /** When the last node had the last one. */
  readonly completeMs: number;
  /** When the last node had each one, in their order; empty if that was not asked for. */
  readonly timesMs: readonly number[];
}

export interface Expected {
  /** The number of the first transaction. */
  readonly from: number;
  readonly count: number;
  /** Whether to record when each of them comes. */
  readonly isTimed: boolean;
}

export interface Fleet {
  /** Where transactions are handed in. */
  readonly door: string;
  readonly pids: readonly number[];
  /** Prepares the next run. `arrival` resolves when all nodes have all transactions. */
  expect(expected: Expected): Promise<{ readonly arrival: Promise<Arrival> }>;
  /** @throws Error if a node has more than was handed in, or something else */
  check(): Promise<void>;
  /** Stops all processes until resume(). */
  pause(): void;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Sends a signal to processes that may have ended. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
}

/**
 * Kills processes, stopped or not, and removes their folder when this process exits.
 *
 * @returns a function that cancels this
 */
export function goWithUs(folder: string, pids: readonly number[]): () => void {
  const clear = () => {
    signal(pids, 'SIGKILL');
    fs.removeSync(folder);
  };
  process.once('exit', clear);
  return () => process.off('exit', clear);
}
