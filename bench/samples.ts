/** What was measured, and what follows from it. */

import type { Figures } from './experiment.js';
import { median } from './figures.js';
import type { Subject, Target } from './targets.js';

/** What one experiment has given. */
export interface Sample {
  /** Only those of one group were measured in turns. */
  readonly group: number;
  readonly experiment: string;
  readonly system: string;
  /** Of each round; null for a run that failed. */
  readonly runs: (Figures | null)[];
  /** Why runs have failed. */
  readonly failures: string[];
}

export type Verdict = 'met' | 'NOT MET' | 'not measured';

/** The sample in which a figure is, if it was measured. */
export function sampleOf(samples: readonly Sample[], subject: Subject): Sample | undefined {
  return samples.find(
    ({ experiment, system, runs }) =>
      experiment === subject.experiment &&
      system === subject.system &&
      runs.some((run) => run?.[subject.figure] !== undefined),
  );
}

/** A figure of all runs that have not failed. */
export function numbersOf(sample: Sample, figure: string): number[] {
  return sample.runs.flatMap((run) => run?.[figure] ?? []);
}

/**
 * How many times one figure is another: the median of what it was in each round, if both were
 * measured in turns, else one median by the other.
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

/** How a target came out; a run that failed has missed it. */
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
