/** Samples: what was measured, and what follows from it. */

import type { Figures } from './experiment.js';
import { median } from './figures.js';
import type { Subject, Target } from './targets.js';

/** The results of one experiment. */
export interface Sample {
  /** Only samples of one group were measured in turns. */
  readonly group: number;
  readonly experiment: string;
  readonly system: string;
  /** One per round; null if the run failed. */
  readonly runs: (Figures | null)[];
  /** Why runs failed. */
  readonly failures: string[];
  /** Why it was not measured at all, if so. */
  readonly missing?: string;
}

export type Verdict = 'met' | 'NOT MET' | 'not measured';

/** The sample that has a figure, if it was measured. */
export function sampleOf(samples: readonly Sample[], subject: Subject): Sample | undefined {
  return samples.find(
    ({ experiment, system, runs }) =>
      experiment === subject.experiment &&
      system === subject.system &&
      runs.some((run) => run?.[subject.figure] !== undefined),
  );
}

/** Why a system was not measured in an experiment at all, if so. */
export function whyMissing(
  samples: readonly Sample[],
  { experiment, system }: Subject,
): string | undefined {
  return samples.find((each) => each.experiment === experiment && each.system === system)?.missing;
}

/** A figure from all runs that did not fail. */
export function numbersOf(sample: Sample, figure: string): number[] {
  return sample.runs.flatMap((run) => run?.[figure] ?? []);
}

/**
 * The ratio of one figure to another: the median of the ratios in each round if both were measured
 * in turns, else the ratio of their medians.
 */
export function ratioOf(
  samples: readonly Sample[],
  subject: Subject,
  reference: Subject,
): number | undefined {
  const [ours, theirs] = [sampleOf(samples, subject), sampleOf(samples, reference)];
  if (ours === undefined || theirs === undefined) return undefined;
  if (ours.group !== theirs.group) {
    return median(numbersOf(ours, subject.figure)) / median(numbersOf(theirs, reference.figure));
  }
  const ratios = ours.runs.flatMap((run, round) => {
    const [a, b] = [run?.[subject.figure], theirs.runs[round]?.[reference.figure]];
    return a === undefined || b === undefined ? [] : a / b;
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** Whether a target is met. It is missed if any run failed. */
export function judge(samples: readonly Sample[], target: Target): Verdict {
  const { subject, reference, bound, factor } = target;
  const { experiment, system } = subject;
  const hasFailed = samples.some(
    (each) => each.experiment === experiment && each.system === system && each.failures.length > 0,
  );
  if (hasFailed) return 'NOT MET';
  const sample = sampleOf(samples, subject);
  if (sample === undefined) return 'not measured';
  const value = reference
    ? ratioOf(samples, subject, reference)
    : median(numbersOf(sample, subject.figure));
  if (value === undefined) return 'not measured';
  return (bound === '≥' ? value >= factor : value <= factor) ? 'met' : 'NOT MET';
}
