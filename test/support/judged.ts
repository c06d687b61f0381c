/** The judge of anybody's node, as a test runs it. */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verdict } from '../stories/judge.js';
import type { Report } from '../stories/report.js';
import { type Mutant, type Variant, writeVariant } from '../stories/solution.js';
import { PROJECT } from './helpers.js';
import { Program, type Result } from './program.js';

/** Starts `npm run conformance` with these arguments. */
export function startConformance(...args: string[]): Program {
  return new Program([join(PROJECT, 'test/stories/conformance.js'), ...args], tmpdir());
}

export function conformance(...args: string[]): Promise<Result> {
  return startConformance(...args).result();
}

/** The stories of the exercise, and its bonus. */
export const STORIES: readonly string[] = [
  ...Array.from({ length: 12 }, (_, i) => `${i + 1}`),
  ...Array.from({ length: 4 }, (_, i) => `bonus ${i + 1}`),
];

/** Has a variant of the solution judged by some stories; returns the verdicts that are no pass. */
export async function judgedBy(
  root: string,
  variant: Variant,
  ids: readonly string[],
): Promise<Verdict[]> {
  const node = await writeVariant(root, variant);
  const { stdout, stderr } = await conformance(
    node,
    '--json',
    ...ids.flatMap((id) => ['--story', id]),
  );
  assert.match(stdout, /^\[/, stderr);
  const [report] = JSON.parse(stdout) as [Report];
  assert.deepEqual(
    report.verdicts.map(({ id }) => id),
    ids,
  );
  return report.verdicts.filter(({ result }) => result !== 'pass');
}

/** Checks that one story fails for the fault of a mutant, and says why. */
export async function failsWhatItBreaks(
  root: string,
  mutant: Mutant,
  ids: readonly string[],
): Promise<void> {
  const bad = await judgedBy(root, mutant, ids);
  const failed = bad.filter(({ result }) => result === 'fail');
  assert.deepEqual(
    failed.map(({ id }) => id),
    [mutant.breaks],
    JSON.stringify(failed, null, 1),
  );
  const { did = '', saw = '' } = failed[0] as Verdict;
  assert.ok(did !== '' && saw !== '', 'it says what was done, and what was seen');
  assert.doesNotMatch(`${did} ${saw}`, /localhost:\d/, 'no port that the judge has chosen');
}
