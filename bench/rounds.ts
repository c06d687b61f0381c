/** Measures a group of experiments in turns, so that all of them meet the machine in every mood. */

import { within } from '../test/support/helpers.js';
import { type Experiment, type Figures, type Opened, type Plan, roundsOf } from './experiment.js';
import type { Sample } from './samples.js';

/** Longer than anything takes, also on a machine that is busy. */
interface Limits {
  /** To open an experiment: nodes that read 3,000,000 transactions. */
  readonly openMs: number;
  readonly runMs: number;
}

const LIMITS: Limits = { openMs: 600_000, runMs: 300_000 };

/**
 * Runs each experiment of a group once per round. After a failure, it is opened anew; after its last
 * run, it is closed. What is missing on this machine has a sample without runs, which says so.
 *
 * @param number what the samples call the group
 * @param onRun is called before each run
 */
export async function measure(
  plan: Plan,
  number: number,
  onRun: (experiment: Experiment, round: number) => void,
  limits = LIMITS,
): Promise<Sample[]> {
  const turns = plan.group.map((experiment) => new Turn(experiment, number, limits));
  try {
    for (let round = 1; round <= plan.rounds; round++) {
      const present = turns.filter(({ experiment }) => round <= roundsOf(experiment, plan));
      // The order is reversed every other round, so that none always follows the same one.
      const inOrder = round % 2 === 1 ? present : present.toReversed();
      for (const turn of inOrder) {
        onRun(turn.experiment, round);
        await turn.take();
        if (round === roundsOf(turn.experiment, plan)) await turn.end();
      }
    }
  } finally {
    for (const turn of turns) await turn.end();
  }
  return turns.map(({ sample }) => sample);
}

/** One experiment of a group. */
class Turn {
  readonly experiment: Experiment;
  readonly sample: Sample;
  readonly #limits: Limits;
  #opened: Opened | undefined;
  #isPaused = false;

  constructor(experiment: Experiment, group: number, limits: Limits) {
    const { name, system, missing } = experiment;
    this.experiment = experiment;
    this.#limits = limits;
    const sample = { group, experiment: name, system, runs: [], failures: [] };
    this.sample = missing === undefined ? sample : { ...sample, missing };
  }

  async take(): Promise<void> {
    try {
      this.#opened ??= await this.#open();
      this.sample.runs.push(await within(this.#limits.runMs, this.#run(this.#opened)));
    } catch (error) {
      this.sample.runs.push(null);
      this.sample.failures.push((error as Error).message);
      // Whatever it finds wrong now follows from the failure.
      await this.#close().catch(() => {});
    }
  }

  /** Some experiments find only at the end that something is wrong: then no run counts. */
  async end(): Promise<void> {
    try {
      await this.#close();
    } catch (error) {
      this.sample.runs.fill(null);
      this.sample.failures.push((error as Error).message);
    }
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#isPaused = false;
    await opened?.close();
  }

  async #open(): Promise<Opened> {
    const opening = this.experiment.open();
    try {
      return await within(this.#limits.openMs, opening);
    } catch (error) {
      // If it opens after all, nobody needs it.
      opening.then((opened) => opened.close()).catch(() => {});
      throw new Error(`it was not opened: ${(error as Error).message}`);
    }
  }

  async #run(opened: Opened): Promise<Figures> {
    if (this.#isPaused) await opened.resume?.();
    const figures = await opened.run();
    opened.pause?.();
    this.#isPaused = true;
    return figures;
  }
}
