/** What an experiment is, and what it reports. */

/** One thing to measure. Each call of `run` is one run. */
export interface Experiment {
  /** What is measured, such as 'relay, 3 nodes'. */
  readonly name: string;
  /** Whose figures these are, such as 'ours' or 'gossipsub'. */
  readonly system: string;
  /** Why it cannot be measured on this machine, if so. */
  readonly missing?: string | undefined;
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

export const OURS = 'ours';
