/** The nodes of one system, as many as are measured together. */

import fs from 'fs-extra';

/** So long after processes go on, what they missed meanwhile has been made up for. */
export const SETTLE_MS = 250;
/** So long after all have all, something that comes twice has come. */
export const LINGER_MS = 100;

/** When transactions were there. */
export interface Arrival {
  /** When the last node had the last one. */
  readonly completeMs: number;
  /** When the last node had each, by its place among them; empty if that was not asked for. */
  readonly timesMs: readonly number[];
}

export interface Expected {
  /** The number of the first transaction. */
  readonly from: number;
  readonly count: number;
  /** Whether to note when each of them comes. */
  readonly isTimed: boolean;
}

export interface Fleet {
  /** Where transactions are handed in. */
  readonly door: string;
  readonly pids: readonly number[];
  /** Makes ready for the next run. Gives a promise for when all nodes have all of it. */
  expect(expected: Expected): Promise<{ readonly arrival: Promise<Arrival> }>;
  /** Throws when some node has more than was handed in, or something else. */
  check(): Promise<void>;
  /** Stops all processes where they are, until resume(). */
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
 * Has processes, which may have been stopped, and their folder gone when this process is.
 *
 * @returns how to have them stay
 */
export function goWithUs(folder: string, pids: readonly number[]): () => void {
  const clear = () => {
    signal(pids, 'SIGKILL');
    fs.removeSync(folder);
  };
  process.once('exit', clear);
  return () => process.off('exit', clear);
}
