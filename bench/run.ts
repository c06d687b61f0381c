/** npm run bench: measures everything in turns, and prints the results beside the targets. */

import { readArguments } from '../lib/command-line.js';
import { fail } from '../lib/log.js';
import { closeBrowser, IN_BROWSER } from '../test/support/browser.js';
import { drawTrial, writeDocuments } from './documents.js';
import { installPeers } from './install.js';
import { leaveNothing } from './leavings.js';
import {
  describeSeconds,
  FULL_MINUTES,
  fullPlans,
  growthPlans,
  QUICK_MINUTES,
  quickPlans,
  runsOf,
  secondsOf,
} from './plans.js';
import { Progress } from './progress.js';
import { describe } from './report.js';
import { describeMachine, resultsOf, writeResults } from './results.js';
import { measure } from './rounds.js';
import type { Sample } from './samples.js';

const USAGE = `Usage: npm run bench -- [options]

Measures how fast a network of these nodes is, and what else could be had in its place, run by run in
turns, and prints one table: medians, ratios, and whether the targets are met. On two processors, it
takes some ${FULL_MINUTES} minutes, and a few more where they are slow.

  --quick       up to ${QUICK_MINUTES} minutes: less of everything
  --growth      only how the rate and the processor time grow, drawn in bench/trial.svg
  --only TEXT   only what has TEXT in its name, such as --only relay
  --help        print this

All of it also writes bench/results.json, with every run, and the figures and charts in the docs.`;

const flags = readArguments(USAGE, {
  quick: { type: 'boolean' },
  growth: { type: 'boolean' },
  only: { type: 'string' },
});
const isFull = Object.keys(flags).length === 0;
const plans = choosePlans();
installPeers();
console.log(`This takes some ${describeSeconds(secondsOf(plans))} on two processors`);
const startedMs = performance.now();
const progress = new Progress(runsOf(plans));
leaveNothing();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);

const samples: Sample[] = [];
for (const [number, plan] of plans.entries()) {
  samples.push(...(await measure(plan, number, (...run) => progress.begin(...run))));
}
progress.end();
const seconds = (performance.now() - startedMs) / 1000;
await closeBrowser();

const results = resultsOf(samples);
console.log(
  `\n${describeMachine(results.machine)}; ${describeSeconds(seconds)}\n\n${describe(samples)}\n`,
);
if (IN_BROWSER.skip !== false) console.log(`No page was opened: ${IN_BROWSER.skip}`);
if (isFull) {
  console.log(`Written: ${[writeResults(results), ...writeDocuments(results)].join(', ')}`);
} else {
  console.log('Only part was measured: bench/results.json is as it was');
  if (flags.growth === true) console.log(`Drawn: ${drawTrial(results)}`);
}
// A run that timed out may still hold a connection.
process.exit(samples.some(({ failures }) => failures.length > 0) ? 1 : 0);

function choosePlans() {
  const { quick = false, growth = false, only = '' } = flags;
  const all = growth ? growthPlans(quick) : quick ? quickPlans() : fullPlans();
  const chosen = all.filter(({ group }) => group.some(({ name }) => name.includes(only)));
  if (chosen.length > 0) return chosen;
  const names = new Set(all.flatMap(({ group }) => group).map(({ name }) => name));
  return fail(`Nothing has ${only} in its name; there is: ${[...names].join('; ')}`);
}

/** Exits at once, and everything that was started ends with it. */
function interrupt(): void {
  progress.end();
  console.log(`Interrupted: ${progress.done}`);
  process.exit(130);
}
