/** Writes that must succeed: a write that the disk refuses is repeated until it succeeds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from '../histogram.js';
import { LIMITS } from '../limits.js';
import { type Log, reason } from '../log.js';

/** In seconds: from a disk that caches what it is told to sync to one that hangs. */
const SYNC_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** How the disk under a file does. */
export interface Disk {
  /** Whether it has refused the last write. */
  readonly isFailing: boolean;
  /** How many bytes it has not taken yet. */
  readonly unsavedBytes: number;
  /** How long the writes took that it took, with their syncs. */
  readonly syncs: Histogram;
}

export class Persistence {
  readonly syncs = new Histogram(SYNC_BOUNDS);
  readonly #name: string;
  readonly #log: Log;
  #isFailing = false;

  /** @param name of the file, for a person */
  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  /** Whether the disk has refused the last write. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /**
   * Writes, and resolves when that has succeeded. One line says that the disk refuses, and one that
   * it takes writes again.
   *
   * @param cleanUp removes what a refused write has left; it may fail
   */
  async write(write: () => Promise<void>, cleanUp?: () => Promise<void>): Promise<void> {
    for (;;) {
      const sinceMs = performance.now();
      try {
        await write();
        this.syncs.observe((performance.now() - sinceMs) / 1000);
        if (this.#isFailing) this.#log('saved again', this.#name);
        this.#isFailing = false;
        return;
      } catch (error) {
        if (!this.#isFailing) {
          this.#log('not saved', `${this.#name} (${reason(error)}), trying again`);
        }
        this.#isFailing = true;
        await cleanUp?.().catch(() => {});
        await sleep(LIMITS.saveRetryMs);
      }
    }
  }
}
