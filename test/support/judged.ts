/** The judge of anybody's node, as a test runs it. */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fs from 'fs-extra';
import type { Verdict } from '../stories/judge.js';
import type { Report } from '../stories/report.js';
import { type Mutant, type Variant, writeVariant } from '../stories/solution.js';
import { STYLES } from '../stories/variants.js';
import { PROJECT, until } from './helpers.js';
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

/**
 * Checks that Ctrl-C ends the judge, and that it leaves no process and no file.
 *
 * @param sign printed by it before the moment that is meant
 */
export async function isInterruptible(
  root: string,
  sign: RegExp,
  ...args: readonly string[]
): Promise<void> {
  const node = await writeVariant(root, { ...(STYLES[0] as Variant), name: 'interrupted' });
  const own = await fs.mkdtemp(join(root, 'temporary-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = own;
  const judging = startConformance(node, ...args);
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  await until('a story to begin', () => sign.test(judging.stdout));
  // In the midst of what it does first: it copies the node, and starts it.
  await until('a copy', async () => (await fs.readdir(own)).length > 0);
  assert.equal(await judging.end('SIGINT'), 130, judging.stderr);
  assert.match(judging.stdout, /\nInterrupted\n$/);
  assert.deepEqual(await fs.readdir(own), []);
  await until('no process in its folders', async () => (await processesIn(own)).length === 0);
}

/** The processes in a folder, also if that is gone; only Linux tells. */
async function processesIn(folder: string): Promise<string[]> {
  const ids = (await fs.readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const places = ids.map((id) => fs.readlink(`/proc/${id}/cwd`).catch(() => ''));
  const found = await Promise.all(places);
  return ids.filter((_, index) => found[index]?.startsWith(folder));
}
