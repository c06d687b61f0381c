/** Writes that must succeed: a write that the disk refuses is repeated until it succeeds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import { type Log, reason } from '../log.js';

export class Persistence {
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
      try {
        await write();
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
