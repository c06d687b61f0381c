/** The progress of a benchmark: a bar on a terminal, elsewhere a line per experiment. */

import { SingleBar } from 'cli-progress';
import type { Experiment } from './experiment.js';

export class Progress {
  readonly #total: number;
  readonly #bar: SingleBar | undefined;
  readonly #begun = new Set<string>();
  readonly #startedMs = performance.now();
  #runs = 0;

  /** @param total number of runs */
  constructor(total: number) {
    this.#total = total;
    if (process.stdout.isTTY) this.#bar = newBar();
    this.#bar?.start(total, 0, { what: '' });
  }

  /** A run begins, and the one before is done. */
  begin({ name, system }: Experiment, round: number): void {
    this.#bar?.update(this.#runs, { what: `${name}, ${system}, round ${round}` });
    this.#runs += 1;
    if (!this.#bar && !this.#begun.has(name)) console.log(`${this.done}; next: ${name}`);
    this.#begun.add(name);
  }

  /** All runs are done, or the rest is given up. */
  end(): void {
    this.#bar?.stop();
  }

  get done(): string {
    const seconds = Math.round((performance.now() - this.#startedMs) / 1000);
    return `${Math.max(0, this.#runs - 1)} of ${this.#total} runs are done after ${seconds} s`;
  }
}

function newBar(): SingleBar {
  return new SingleBar({
    format: '{bar} {value} of {total} runs | {what}',
    hideCursor: true,
    stream: process.stdout,
  });
}
