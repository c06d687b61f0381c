/** What is measured, in a form that lets several systems be measured in turns. */

/** One thing that is measured; each call of `run` is one run. */
export interface Experiment {
  /** What is measured, such as 'relay, 3 nodes'. */
  readonly name: string;
  /** Whose figures these are: 'ours', 'gossipsub', 'bare ws', … */
  readonly system: string;
  /** Makes ready what all runs share, such as a settled network. */
  open(): Promise<Opened>;
}

export interface Opened {
  /** Figures by name and unit, such as { 'tx/s': 51234 }. Throws when not everything was delivered. */
  run(): Promise<Record<string, number>>;
  /** Called between runs: while others are measured it must not use the processors. */
  pause?(): void;
  resume?(): Promise<void>;
  close(): Promise<void>;
}

/** Experiments that are measured in turns, run by run. */
export type Group = readonly Experiment[];
