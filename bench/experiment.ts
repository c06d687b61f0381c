/** What is measured, and how whoever measures it is told. */

/** One thing that is measured; each call of `run` is one run. */
export interface Experiment {
  /** What is measured, such as 'relay, 3 nodes'. */
  readonly name: string;
  /** Whose figures these are, such as 'ours' or 'gossipsub'. */
  readonly system: string;
  /** Makes ready what all runs share, such as a settled network. */
  open(): Promise<Opened>;
}

/** An experiment that is ready to be run, any number of times. */
export interface Opened {
  /**
   * Measures once.
   *
   * @returns figures by what they are in, such as `{ 'tx/s': 51234 }`
   * @throws when not everything was delivered
   */
  run(): Promise<Figures>;
  /** Has it use no processor until `resume`, while others are measured. */
  pause?(): void;
  resume?(): Promise<void>;
  /**
   * Ends all that it has started, paused or not.
   *
   * @throws when something is not as it should be after all runs
   */
  close(): Promise<void>;
}

export type Figures = Readonly<Record<string, number>>;

/** Experiments that are measured in turns, run by run, for their figures to be compared. */
export type Group = readonly Experiment[];

export const OURS = 'ours';
