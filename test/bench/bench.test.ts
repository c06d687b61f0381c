/** What the benchmark makes of its figures; that they are right, only a look at them tells. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Experiment, Figures, Opened } from '../../bench/experiment.js';
import { median } from '../../bench/figures.js';
import {
  describeSeconds,
  FULL_MINUTES,
  fullPlans,
  QUICK_MINUTES,
  quickPlans,
  runsOf,
  secondsOf,
} from '../../bench/plans.js';
import { describe } from '../../bench/report.js';
import { measure } from '../../bench/rounds.js';
import { judge, ratioOf, type Sample } from '../../bench/samples.js';
import {
  decadesAround,
  levelsBetween,
  linearScale,
  logScale,
  ticksTo,
} from '../../bench/scales.js';
import { showNumber } from '../../bench/table.js';
import { TARGETS, type Target } from '../../bench/targets.js';
import { outcomeOfScript } from '../support/failing.js';
import { PROJECT, until } from '../support/helpers.js';

const ours = { experiment: 'relay', system: 'ours', figure: 'tx/s' };
const theirs = { ...ours, system: 'theirs' };
/** Longer than what is to end before. */
const LONG_MS = 10_000;
const target: Target = { subject: ours, bound: '≥', factor: 20, reference: theirs };

/** Runs of one group, of which null is one that failed. */
function sample(system: string, rates: readonly (number | null)[], group = 0): Sample {
  return {
    group,
    experiment: 'relay',
    system,
    runs: rates.map((rate) => (rate === null ? null : { 'tx/s': rate })),
    failures: rates.filter((rate) => rate === null).map(() => 'one was lost\nwith details'),
  };
}

test('a median is the middle, or between the two in the middle, and of nothing no number', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('what was measured in turns is compared round by round, without the rounds that failed', () => {
  const samples = [sample('ours', [100, 400, 90]), sample('theirs', [10, 20, null])];
  assert.equal(ratioOf(samples, ours, theirs), 15);
  const apart = [sample('ours', [100, 400, 90]), sample('theirs', [10, 20, null], 1)];
  assert.equal(ratioOf(apart, ours, theirs), 100 / 15);
  assert.equal(ratioOf([sample('ours', [1])], ours, theirs), undefined);
  assert.equal(ratioOf([sample('ours', [1]), sample('theirs', [null])], ours, theirs), undefined);
});

test('a target is met at its bound, and never by what has failed', () => {
  const fast = sample('ours', [200, 200]);
  assert.equal(judge([fast, sample('theirs', [10, 10])], target), 'met');
  assert.equal(judge([fast, sample('theirs', [11, 11])], target), 'NOT MET');
  assert.equal(judge([fast], target), 'not measured');
  assert.equal(judge([], target), 'not measured');
  assert.equal(judge([sample('ours', [900, null]), sample('theirs', [1, 1])], target), 'NOT MET');
  assert.equal(judge([sample('ours', [null])], target), 'NOT MET');
  const most: Target = { subject: ours, bound: '≤', factor: 200 };
  assert.equal(judge([fast], most), 'met');
  assert.equal(judge([sample('ours', [201])], most), 'NOT MET');
});

test('the report has each figure with its ratio and target, and why runs failed', () => {
  const samples = [sample('ours', [200, 220, 180]), sample('theirs', [10, null, 10])];
  const other: Target = { subject: { ...ours, experiment: 'another' }, bound: '≤', factor: 5 };
  const lines = describe(samples, [target, other]).split('\n');
  const words = lines.map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(words.slice(1), [
    ['relay, tx/s', 'ours', '200', '180–220'],
    ['theirs', '10.0', '10.0–10.0', '19.0 ×', '≥ 20 ×', 'NOT MET'],
    ['another, tx/s', '–', '≤ 5', 'not measured'],
    [''],
    ['Failed'],
    ['relay, theirs: 1 of 3 runs (one was lost)'],
  ]);
});

test('the report fits on a terminal, with whatever was measured', () => {
  const long = TARGETS.flatMap(({ subject, reference = subject }) => [subject, reference]);
  const samples = long.map(({ experiment, system, figure }, group) => ({
    ...{ group, experiment, system, failures: ['long'.repeat(100)] },
    runs: [{ [figure]: 100_000 }, { [figure]: 200_000 }],
  }));
  for (const line of [...describe([]).split('\n'), ...describe(samples).split('\n')]) {
    assert.ok(line.length <= 120, `${line.length}: ${line}`);
  }
});

test('numbers are told with three digits or more', () => {
  const shown = [0, 0.04567, 0.4567, 4.567, 45.67, 456.7, 4567, 1234567].map(showNumber);
  assert.deepEqual(shown, ['0', '0.046', '0.457', '4.57', '45.7', '457', '4,567', '1,234,567']);
});

test('a logarithmic scale ends at the powers of ten around what it shows', () => {
  assert.deepEqual(decadesAround([0.4, 30, 1000]), [0.1, 1, 10, 100, 1000]);
  assert.deepEqual(decadesAround([100]), [100, 1000]);
  assert.deepEqual(levelsBetween([1, 10]), [1, 2, 5, 10]);
  assert.deepEqual(levelsBetween([1, 10, 100, 1000]), [1, 10, 100, 1000]);
  const scale = logScale([1, 100], [300, 100]);
  assert.deepEqual([1, 10, 100].map(scale), [300, 200, 100]);
  assert.equal(logScale([3, 3], [0, 100])(3), 50);
});

test('a scale from 0 ends at a round number', () => {
  assert.deepEqual(ticksTo(3_000_000), [0, 1_000_000, 2_000_000, 3_000_000]);
  assert.deepEqual(ticksTo(100_000), [0, 50_000, 100_000]);
  assert.deepEqual(ticksTo(7), [0, 2, 4, 6, 8]);
  assert.deepEqual([0, 1, 4].map(linearScale(4, [100, 300])), [100, 150, 300]);
});

test('experiments are run in turns, paused between them, and opened anew when they fail', async () => {
  const events: string[] = [];
  const experiment = (system: string, runs: (() => number)[]): Experiment => ({
    name: 'relay',
    system,
    open: async () => {
      events.push(`open ${system}`);
      return {
        run: async () => {
          const rate = (runs.shift() as () => number)();
          events.push(`run ${system}`);
          return { 'tx/s': rate };
        },
        pause: () => events.push(`pause ${system}`),
        resume: async () => {
          events.push(`resume ${system}`);
        },
        close: async () => {
          events.push(`close ${system}`);
        },
      };
    },
  });
  const fails = () => {
    throw new Error('one was lost');
  };
  const group = [experiment('a', [() => 1, () => 2]), experiment('b', [fails, () => 4])];
  const samples = await measure({ group, rounds: 2, seconds: 1 }, 7, () => {});
  assert.deepEqual(
    samples.map(({ group, system, runs, failures }) => [group, system, runs, failures]),
    [
      [7, 'a', [{ 'tx/s': 1 }, { 'tx/s': 2 }], []],
      [7, 'b', [null, { 'tx/s': 4 }], ['one was lost']],
    ],
  );
  assert.deepEqual(events, [
    ...['open a', 'run a', 'pause a', 'open b', 'close b'],
    ...['open b', 'run b', 'pause b', 'close b'],
    ...['resume a', 'run a', 'pause a', 'close a'],
  ]);
});

test('what is measured less often is measured in the first rounds, and closed after its last', async () => {
  const events: string[] = [];
  const experiment = (system: string, rounds?: number): Experiment => ({
    name: 'relay',
    system,
    rounds,
    open: async () => ({
      run: async () => ({ 'tx/s': events.push(`run ${system}`) }),
      close: async () => {
        events.push(`close ${system}`);
      },
    }),
  });
  const plan = { group: [experiment('a'), experiment('b', 1)], rounds: 2, seconds: 1 };
  const samples = await measure(plan, 0, () => {});
  assert.deepEqual(
    samples.map(({ runs }) => runs.length),
    [2, 1],
  );
  assert.deepEqual(events, ['run a', 'run b', 'close b', 'run a', 'close a']);
  assert.equal(runsOf([plan]), 3);
  const lines = describe(samples, []).split('\n');
  assert.match(lines[4] ?? '', /b +2\.00 +one run +/);
});

test('to open and to run have limits of their own; what opens too late is closed', async () => {
  let closed = 0;
  const opened = {
    run: () => new Promise<Figures>(() => {}),
    close: async () => {
      closed += 1;
    },
  };
  let finish: (late: Opened) => void = () => {};
  const late = new Promise<Opened>((done) => {
    finish = done;
  });
  const failuresOf = async (opening: Promise<Opened>, openMs: number, runMs: number) => {
    const experiment = { name: 'relay', system: 'ours', open: () => opening };
    const plan = { group: [experiment], rounds: 1, seconds: 1 };
    const [sample] = await measure(plan, 0, () => {}, { openMs, runMs });
    return sample?.failures;
  };
  assert.deepEqual(await failuresOf(late, 20, LONG_MS), [
    'it was not opened: not done after 0.02 s',
  ]);
  assert.equal(closed, 0);
  finish(opened);
  await until('it to be closed', () => closed === 1);
  assert.deepEqual(await failuresOf(late, LONG_MS, 20), ['not done after 0.02 s']);
  assert.equal(closed, 2);
});

test('a full and a quick run take no longer than they say, and measure every target thrice', () => {
  assert.ok(secondsOf(fullPlans()) <= FULL_MINUTES * 60);
  assert.ok(secondsOf(quickPlans()) <= QUICK_MINUTES * 60);
  assert.deepEqual([90, 780].map(describeSeconds), ['90 seconds', '13 minutes']);
  const text = readFileSync(join(PROJECT, 'docs/benchmarks.md'), 'utf8');
  assert.match(text, new RegExp(`some ${FULL_MINUTES} minutes .* \\D*${QUICK_MINUTES}\\.`));
  for (const { subject, reference = subject } of TARGETS) {
    for (const { experiment, system } of [subject, reference]) {
      const is = (each: Experiment) => each.name === experiment && each.system === system;
      const plan = fullPlans().find(({ group }) => group.some(is));
      // Without a browser, nothing shows a page.
      if (plan === undefined) assert.match(system, /^(page shown|lab open)$/);
      else assert.ok(Math.min(plan.group.find(is)?.rounds ?? 3, plan.rounds) >= 3, experiment);
    }
  }
});

test('what is missing on this machine is not run, fails nothing, and says so', async () => {
  const missing = 'it is not installed';
  const open = async () => assert.fail('it was opened');
  const begun: string[] = [];
  const group = [{ name: 'relay', system: 'theirs', missing, open }];
  const samples = await measure({ group, rounds: 2, seconds: 1 }, 0, () => {
    begun.push('theirs');
  });
  assert.deepEqual(begun, []);
  assert.deepEqual(samples, [
    { group: 0, experiment: 'relay', system: 'theirs', runs: [], failures: [], missing },
  ]);
  assert.equal(judge([sample('ours', [200]), ...samples], target), 'not measured');
  const lines = describe([sample('ours', [200]), ...samples], [target]).split('\n');
  assert.match(lines[2] ?? '', /theirs +– +– +≥ 20 × +it is not installed$/);
  assert.deepEqual(lines.slice(3), ['', 'Not measured', 'relay, theirs: it is not installed']);
});

test('what is not as it should be in the end fails all runs', async () => {
  const experiment: Experiment = {
    name: 'relay',
    system: 'ours',
    open: async () => ({
      run: async () => ({ 'tx/s': 1 }),
      close: async () => {
        throw new Error('one is there twice');
      },
    }),
  };
  const [only] = await measure({ group: [experiment], rounds: 2, seconds: 1 }, 0, () => {});
  assert.deepEqual(only?.runs, [null, null]);
  assert.deepEqual(only?.failures, ['one is there twice']);
});

test('a name that nothing has is told before anything is installed', async () => {
  const run = join(PROJECT, 'bench/run.js');
  const { code, stdout, stderr } = await outcomeOfScript(run, ['--only', 'nonsense']);
  assert.match(stderr, /^Nothing has nonsense in its name; there is: [^\n]+\n$/);
  assert.deepEqual([code, stdout], [1, '']);
});
