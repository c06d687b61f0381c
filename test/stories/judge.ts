/** Judges somebody's node by the stories. */

import { resolve } from 'node:path';
import fs from 'fs-extra';
import { copyNode } from '../support/node-copy.js';
import { Bench, PORT_LINE, Unmet } from './judge-bench.js';
import type { Story } from './story.js';

export interface Verdict {
  readonly id: string;
  readonly asks: string;
  readonly result: 'pass' | 'fail' | 'not judged';
  readonly seconds: number;
  /** What was done, and what was seen then, where it fails. */
  readonly did?: string;
  readonly saw?: string;
  /** What the node printed last, if it had ended. */
  readonly lastLines?: readonly string[];
  /** The stories for want of which this one cannot be judged. */
  readonly needs?: readonly string[];
}

/** Tells why a folder holds no node that could be judged, if it does not. */
export async function whyNotJudged(folder: string): Promise<string | undefined> {
  if (!(await fs.pathExists(resolve(folder, 'index.js')))) {
    return `There is no index.js in ${folder}: name the folder of a node-1, compiled if need be`;
  }
  const env = await fs.readFile(resolve(folder, '.env'), 'utf8').catch(() => '');
  if (!PORT_LINE.test(env))
    return `There is no PORT in ${folder}/.env: add a line such as PORT=4001`;
  return undefined;
}

/**
 * Judges the node in a folder, in temporary copies of it.
 *
 * @param stories in an order in which each comes after those that it needs
 * @param atOnce how many are judged at the same time; those must not need each other
 * @param on.begin is called with each story that is judged, before that
 * @param on.end is called with each verdict
 * @param signal ends the judging, and all that it has begun
 */
export async function judge(
  folder: string,
  stories: readonly Story[],
  atOnce: number,
  on: { begin: (story: Story) => void; end: (verdict: Verdict) => void },
  signal: AbortSignal,
): Promise<void> {
  const failed = new Set<string>();
  const waiting = [...stories];
  const work = async () => {
    for (let story = waiting.shift(); story !== undefined; story = waiting.shift()) {
      signal.throwIfAborted();
      const { id, asks } = story;
      const needs = story.needs.filter((each) => failed.has(each));
      if (needs.length === 0) on.begin(story);
      const verdict: Verdict =
        needs.length === 0
          ? await judgeOne(folder, story, signal)
          : { id, asks, result: 'not judged', seconds: 0, needs };
      if (verdict.result !== 'pass') failed.add(id);
      on.end(verdict);
    }
  };
  // Each ends what it has begun, also when another one has been ended.
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function judgeOne(folder: string, story: Story, signal: AbortSignal): Promise<Verdict> {
  const { id, asks } = story;
  const startedMs = performance.now();
  const copy = copyNode(folder, 'p2p-judge-');
  const bench = new Bench(copy, resolve(folder));
  let fault: Unmet | undefined;
  try {
    signal.throwIfAborted();
    await unlessAborted(story.check(bench), signal);
  } catch (error) {
    if (!(error instanceof Unmet)) throw error;
    fault = error;
  } finally {
    await bench.clear();
    await fs.remove(copy.root);
  }
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  if (fault === undefined) return { id, asks, result: 'pass', seconds };
  const { did, saw, lastLines } = fault;
  const told = { id, asks, result: 'fail', seconds, did, saw } as const;
  return lastLines === undefined ? told : { ...told, lastLines };
}

/** Resolves as a promise does, or rejects as soon as the signal comes. */
async function unlessAborted(doing: Promise<void>, signal: AbortSignal): Promise<void> {
  let abort = () => {};
  const aborted = new Promise<never>((_, fail) => {
    abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    await Promise.race([doing, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
