/** The results in a table: each figure, and below it those that it is compared with. */

import { OURS } from './experiment.js';
import { spreadOf } from './figures.js';
import { judge, numbersOf, ratioOf, type Sample, sampleOf, whyMissing } from './samples.js';
import { layOut, showNumber } from './table.js';
import { type Subject, TARGETS, type Target } from './targets.js';

type Row = readonly string[];

const HEAD: Row = ['', '', 'median', 'least–most', 'ratio', 'target', ''];
const ALIGN = ['left', 'left', 'right', 'right', 'right', 'right', 'left'] as const;
const NOT_MEASURED = '–';
const WIDTH = 120;

/** A table of all samples: first those with a target, then the others, then what failed. */
export function describe(samples: readonly Sample[], targets = TARGETS): string {
  const isMeasured = ({ subject }: Target) => sampleOf(samples, subject) !== undefined;
  const measured = targets.filter(isMeasured);
  const aimed = withoutTwins(measured.map(({ subject }) => subject));
  const references = measured.flatMap(({ reference }) => reference ?? []);
  const told = new Set([...aimed, ...references].map(figureOf));
  const others = withoutTwins(samples.flatMap((sample) => mainSubjects(samples, sample))).filter(
    (subject) => !told.has(figureOf(subject)),
  );
  const rows = [
    HEAD,
    ...aimed.flatMap((subject) => rowsOf(samples, subject, measured)),
    ...targets.filter((target) => !isMeasured(target)).map((target) => emptyRow(samples, target)),
    ...(others.length === 0 ? [] : [[], ['Without a target']]),
    ...others.flatMap((subject) => rowsOf(samples, subject, [])),
  ];
  return [...layOut(rows, ALIGN), ...failuresIn(samples), ...missingIn(samples)].join('\n');
}

function emptyRow(samples: readonly Sample[], target: Target): Row {
  const { subject, reference } = target;
  const against = reference === undefined ? '' : labelOf(reference, subject);
  return [nameOf(subject), against, NOT_MEASURED, '', '', ...targetCells(samples, target)];
}

/** The rows of one figure: its subject first, then everything that this is compared with. */
function rowsOf(samples: readonly Sample[], subject: Subject, all: readonly Target[]): Row[] {
  const targets = all.filter((target) => keyOf(target.subject) === keyOf(subject));
  const peers = samples
    .filter(({ experiment }) => experiment === subject.experiment)
    .map(({ system }) => ({ ...subject, system }))
    .filter((peer) => sampleOf(samples, peer) !== undefined);
  const references = targets.flatMap(({ reference }) => reference ?? []);
  const compared = withoutTwins([...references, ...peers]).filter(
    (each) => keyOf(each) !== keyOf(subject),
  );
  return [undefined, ...compared].map((reference) => [
    reference === undefined ? nameOf(subject) : '',
    reference === undefined ? subject.system : labelOf(reference, subject),
    ...spreadCells(samples, reference ?? subject),
    reference === undefined ? '' : ratioCell(samples, subject, reference),
    ...targetCells(
      samples,
      targets.find((target) => isAgainst(target, reference)),
    ),
  ]);
}

/** The figures of an experiment, each from the system that is listed first: ours, if it has it. */
function mainSubjects(samples: readonly Sample[], { experiment }: Sample): Subject[] {
  const inOrder = samples
    .filter((sample) => sample.experiment === experiment)
    .sort((a, b) => Number(b.system === OURS) - Number(a.system === OURS));
  const figures = new Map<string, Subject>();
  for (const { system, runs } of inOrder) {
    for (const figure of runs.flatMap((run) => Object.keys(run ?? {}))) {
      if (!figures.has(figure)) figures.set(figure, { experiment, system, figure });
    }
  }
  return [...figures.values()];
}

function spreadCells(samples: readonly Sample[], subject: Subject): Row {
  const sample = sampleOf(samples, subject);
  if (sample === undefined) return [NOT_MEASURED, ''];
  const numbers = numbersOf(sample, subject.figure);
  const { median, least, most } = spreadOf(numbers);
  const spread = `${showNumber(least)}–${showNumber(most)}`;
  return [showNumber(median), numbers.length === 1 ? 'one run' : spread];
}

function ratioCell(samples: readonly Sample[], subject: Subject, reference: Subject): string {
  const ratio = ratioOf(samples, subject, reference);
  return ratio === undefined ? NOT_MEASURED : `${showNumber(ratio)} ×`;
}

function targetCells(samples: readonly Sample[], target: Target | undefined): Row {
  if (target === undefined) return ['', ''];
  const { bound, factor, reference } = target;
  const missing = reference && whyMissing(samples, reference);
  return [`${bound} ${factor}${reference ? ' ×' : ''}`, missing ?? judge(samples, target)];
}

function isAgainst({ reference }: Target, other: Subject | undefined): boolean {
  if (reference === undefined || other === undefined) return reference === other;
  return keyOf(reference) === keyOf(other);
}

/** What tells a reference from the subject that is compared with it. */
function labelOf(reference: Subject, subject: Subject): string {
  if (reference.system !== subject.system) return reference.system;
  if (reference.experiment === subject.experiment) return reference.figure;
  const same = subject.experiment.split(', ');
  const parts = reference.experiment.split(', ');
  return parts.slice(parts.findIndex((part, place) => part !== same[place])).join(', ');
}

function nameOf({ experiment, figure }: Subject): string {
  return `${experiment}, ${figure}`;
}

function failuresIn(samples: readonly Sample[]): string[] {
  const failed = samples.filter(({ failures }) => failures.length > 0);
  if (failed.length === 0) return [];
  const lines = failed.map(({ experiment, system, runs, failures }) => {
    const failed = runs.filter((run) => run === null).length;
    const what = `${experiment}, ${system}: ${failed} of ${runs.length} runs`;
    return `${what} (${failures[0]?.split('\n')[0]})`.slice(0, WIDTH);
  });
  return ['', 'Failed', ...lines];
}

function missingIn(samples: readonly Sample[]): string[] {
  const lines = samples.flatMap(({ experiment, system, missing }) => {
    return missing === undefined ? [] : `${experiment}, ${system}: ${missing}`.slice(0, WIDTH);
  });
  return lines.length === 0 ? [] : ['', 'Not measured', ...lines];
}

function withoutTwins(subjects: readonly Subject[]): Subject[] {
  return [...new Map(subjects.map((subject) => [keyOf(subject), subject])).values()];
}

function keyOf({ experiment, figure, system }: Subject): string {
  return JSON.stringify([experiment, figure, system]);
}

/** The same for all systems. */
function figureOf({ experiment, figure }: Subject): string {
  return JSON.stringify([experiment, figure]);
}
