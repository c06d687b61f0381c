/** Measures a group of experiments in turns, so that all of them meet the machine in every mood. */

import { within } from '../test/support/helpers.js';
import type { Experiment, Figures, Group, Opened } from './experiment.js';
import type { Sample } from './samples.js';

/** Longer than any run takes, including its preparation. */
const LIMIT_MS = 300_000;

/**
 * Runs each experiment of a group once per round. After a failure, it is opened anew. What is missing
 * on this machine has a sample without runs, which says so.
 */
export async function measure(
  group: Group,
  number: number,
  rounds: number,
  onRun: (experiment: Experiment, round: number) => void,
): Promise<Sample[]> {
  const turns = group.map((experiment) => new Turn(experiment, number));
  const present = turns.filter(({ experiment }) => experiment.missing === undefined);
  try {
    for (let round = 1; round <= rounds; round++) {
      // The order is reversed every other round, so that none always follows the same one.
      const inOrder = round % 2 === 1 ? present : present.toReversed();
      for (const turn of inOrder) {
        onRun(turn.experiment, round);
        await turn.take();
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
  #opened: Opened | undefined;
  #isPaused = false;

  constructor(experiment: Experiment, group: number) {
    const { name, system, missing } = experiment;
    this.experiment = experiment;
    const sample = { group, experiment: name, system, runs: [], failures: [] };
    this.sample = missing === undefined ? sample : { ...sample, missing };
  }

  async take(): Promise<void> {
    try {
      this.sample.runs.push(await within(LIMIT_MS, this.#run()));
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

  async #run(): Promise<Figures> {
    this.#opened ??= await this.experiment.open();
    if (this.#isPaused) await this.#opened.resume?.();
    const figures = await this.#opened.run();
    this.#opened.pause?.();
    this.#isPaused = true;
    return figures;
  }
}
