/** What an experiment is, and what it reports. */

/** One thing to measure. Each call of `run` is one run. */
export interface Experiment {
  /** What is measured, such as 'relay, 3 nodes'. */
  readonly name: string;
  /** Whose figures these are, such as 'ours' or 'gossipsub'. */
  readonly system: string;
  /** Why it cannot be measured on this machine, if so. */
  readonly missing?: string | undefined;
  /** In how many rounds it is measured, the first ones; without it, in all of its group. */
  readonly rounds?: number | undefined;
  /** Prepares what all runs share, such as a settled network. */
  open(): Promise<Opened>;
}

/** An experiment that is ready to run, any number of times. */
export interface Opened {
  /**
   * Measures once.
   *
   * @returns figures by their unit, such as `{ 'tx/s': 51234 }`
   * @throws Error if not everything was delivered
   */
  run(): Promise<Figures>;
  /** Keeps it off the processors until `resume`, while others are measured. */
  pause?(): void;
  resume?(): Promise<void>;
  /**
   * Ends everything that it has started, paused or not.
   *
   * @throws Error if something is not as it should be after all runs
   */
  close(): Promise<void>;
}

export type Figures = Readonly<Record<string, number>>;

/** Experiments that are measured in turns, run by run, so that their figures can be compared. */
export type Group = readonly Experiment[];

/** A group, and how often it is measured. */
export interface Plan {
  readonly group: Group;
  readonly rounds: number;
  /** About how many seconds all of it takes on two processors that do nothing else. */
  readonly seconds: number;
}

/** In how many rounds of a plan an experiment is measured: none if it is missing. */
export function roundsOf({ missing, rounds = Infinity }: Experiment, plan: Plan): number {
  return missing === undefined ? Math.min(rounds, plan.rounds) : 0;
}

export const OURS = 'ours';
