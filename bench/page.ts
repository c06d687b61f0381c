/**
 * What it costs the network that somebody looks at a node's page: how fast many transactions given
 * to that node are in all pools, with and without. All are measured in turn, some times over.
 */

import { once } from 'node:events';
import { get } from 'node:http';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'fs-extra';
import { readArguments } from '../command-line.js';
import { CHROMIUM, closeBrowser, IN_BROWSER, Visit } from '../test/browser.js';
import { until } from '../test/helpers.js';
import { Network, type RunningNode } from '../test/network.js';
import { median, readNumber } from './figures.js';

const USAGE = `Usage: npm run bench:page -- [options]

Measures how many transactions a second reach the pools of three nodes, given to one of them by
add-transaction.js --count: while nobody looks at that node, while somebody reads its feed, and while
Chromium shows its page, if there is one here.

  --count N     how many transactions (default: 100000)
  --runs N      how often each is measured; the median is shown (default: 7)
  --help        print this`;

/** At least so much of what there is without may be left with somebody who looks. */
const TARGET = 0.95;
const LONG_MS = 300_000;
/** Until what a run has left is gone, such as a browser. */
const REST_MS = 1000;
const TICKS_PER_SECOND = 100;

/** The figures of one run. */
interface Run {
  /** Transactions a second, from the start of the command until all are in all pools. */
  readonly rate: number;
  /** What the node that was given them took of a processor. */
  readonly processorSeconds: number;
}

/** Somebody who looks at a node. */
interface Onlooker {
  /** Resolves once they are told that so many transactions are in the pool. */
  readonly sees: (transactions: number) => Promise<void>;
  readonly leave: () => Promise<void>;
}

/** A way to look at a node. */
interface Way {
  readonly name: string;
  readonly look: (node: RunningNode) => Promise<Onlooker>;
}

const NOBODY: Way = {
  name: 'nobody looks',
  look: async () => ({ sees: async () => {}, leave: async () => {} }),
};
const WAYS: readonly Way[] = [
  NOBODY,
  { name: 'the feed is read', look: readFeed },
  ...(CHROMIUM === undefined ? [] : [{ name: 'the page is shown', look: showPage }]),
];

const flags = readArguments(USAGE, {
  count: { type: 'string', default: '100000' },
  runs: { type: 'string', default: '7' },
});
const count = readNumber('count', flags.count);
const runs = readNumber('runs', flags.runs);

const interrupted = once(process, 'SIGINT').then(() => Promise.reject(new Error('Interrupted')));
let isInterrupted = false;
interrupted.catch(() => {
  isInterrupted = true;
});

/** The runs of each round, by the way that was looked at the node; without those that failed. */
const rounds: Map<Way, Run>[] = [];
try {
  if (CHROMIUM === undefined) console.log(`no page is shown: ${IN_BROWSER.skip}`);
  await measure();
  console.log(describe());
} catch (error) {
  if (!isInterrupted) throw error;
  console.log(`Interrupted: ${rounds.length} of ${runs} rounds are done`);
  process.exitCode = 130;
} finally {
  await closeBrowser();
}
// The deadlines of what was interrupted are still to come.
process.exit();

async function measure(): Promise<void> {
  for (let number = 1; number <= runs; number++) {
    const round = new Map<Way, Run>();
    for (const way of inOrderOf(number)) {
      const name = `round ${number} of ${runs}, ${way.name}`;
      try {
        const run = await measureOnce(way);
        round.set(way, run);
        console.log(`${name}: ${run.rate.toFixed(0)} transactions/s`);
      } catch (error) {
        if (isInterrupted) throw error;
        console.log(`${name} failed: ${(error as Error).message}`);
        process.exitCode = 1;
      }
    }
    rounds.push(round);
  }
}

/**
 * All ways, after six rounds in each order there is: what else the machine does, and what the one
 * before leaves it to do, meets all of them alike.
 */
function inOrderOf(round: number): Way[] {
  const first = round % WAYS.length;
  const ways = [...WAYS.slice(first), ...WAYS.slice(0, first)];
  const isBackwards = Math.floor((round - 1) / WAYS.length) % 2 === 1;
  return isBackwards ? ways.reverse() : ways;
}

async function measureOnce({ look }: Way): Promise<Run> {
  const network = await Network.create();
  try {
    const nodes = await network.startMesh(3);
    const onlooker = await look(nodes[0] as RunningNode);
    try {
      const run = await unlessInterrupted(give(network, nodes));
      await unlessInterrupted(onlooker.sees(count));
      await checkPools(nodes);
      return run;
    } finally {
      await onlooker.leave();
    }
  } finally {
    await network.close();
    await sleep(REST_MS);
  }
}

function unlessInterrupted<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, interrupted]);
}

/** Gives transactions to the first node, and waits until they are on the disk of all. */
async function give(at: Network, nodes: readonly RunningNode[]): Promise<Run> {
  const [first] = nodes as [RunningNode];
  const before = await processorSeconds(first);
  const startedMs = performance.now();
  const { code, stderr } = await at.run(['add-transaction.js', '--count', `${count}`]);
  if (code !== 0) throw new Error(stderr.trim());
  // It has said that they are on its own.
  const size = await sizeOf(first);
  const sizes = () => Promise.all(nodes.map(sizeOf));
  await until('the relay', async () => (await sizes()).every((each) => each === size), LONG_MS);
  const seconds = (performance.now() - startedMs) / 1000;
  return { rate: count / seconds, processorSeconds: (await processorSeconds(first)) - before };
}

async function sizeOf(node: RunningNode): Promise<number> {
  return (await fs.stat(`${node.folder}/transactions.json`)).size;
}

async function checkPools(nodes: readonly RunningNode[]): Promise<void> {
  const pools = await Promise.all(nodes.map((node) => node.pool()));
  const all = new Set(pools.flatMap((pool) => pool.map(({ id }) => id)));
  for (const [index, pool] of pools.entries()) {
    const own = new Set(pool.map(({ id }) => id));
    if (pool.length === count && own.size === count && all.size === count) continue;
    throw new Error(`${nodes[index]?.name} has ${own.size} of ${all.size} transactions`);
  }
}

/** Reads the feed of a node to its end, as a page does. */
async function readFeed({ port }: RunningNode): Promise<Onlooker> {
  const request = get(`http://localhost:${port}/events`);
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`the feed says ${response.statusCode}`);
  let inPool = 0;
  const lines = createInterface({ input: response, crlfDelay: Infinity });
  // What breaks it off also keeps it from telling of all.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    if (line.startsWith('data:')) inPool = JSON.parse(line.slice(5)).pool?.transactions ?? inPool;
  });
  return {
    sees: (transactions) => until('the feed to tell of all', () => inPool === transactions),
    leave: async () => {
      request.destroy();
    },
  };
}

/** Shows the page of a node in a browser of its own. */
async function showPage({ port }: RunningNode): Promise<Onlooker> {
  const { page } = await Visit.open(`http://localhost:${port}/`);
  await page.waitForSelector('body[data-connection=live]');
  return {
    sees: (transactions) =>
      until('the page to tell of all', async () => {
        const shown = await page.textContent('#pool');
        return Number(shown?.replace(/\D/g, '')) === transactions;
      }),
    leave: closeBrowser,
  };
}

/** What a process has taken of a processor so far, as only Linux tells it; elsewhere, no number. */
async function processorSeconds({ process: { pid } }: RunningNode): Promise<number> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

function describe(): string {
  const rows = WAYS.map((way) => {
    const done = rounds.flatMap((round) => round.get(way) ?? []);
    const rates = done.map(({ rate }) => rate);
    const seconds = done.map(({ processorSeconds }) => processorSeconds);
    return [way.name, ...spread(rates, 0), show(median(seconds), 1), ...compare(way)];
  });
  const head = ['', 'median', 'least', 'most', 'node s', 'ratio', 'least', 'most', 'target'];
  const table = [head, ...rows].map(([name, ...cells]) =>
    [name?.padEnd(18), ...cells.map((cell) => cell.padStart(7))].join(' ').trimEnd(),
  );
  return `
transactions/s to the pools of three nodes, ${count} given to one that somebody looks at; processor
seconds of that node; the ratio to nobody in the same round, of ${runs} rounds on ${availableParallelism()}
processors, which nodes and browser share; target: ${TARGET} or more

${table.join('\n')}`;
}

/** How much of the rate is left, by the rounds in which both were measured. */
function compare(way: Way): string[] {
  if (way === NOBODY) return [];
  const ratios = rounds.flatMap((round) => {
    const [some, none] = [round.get(way), round.get(NOBODY)];
    return some && none ? some.rate / none.rate : [];
  });
  return [...spread(ratios, 3), median(ratios) >= TARGET ? 'met' : 'not met'];
}

function spread(numbers: readonly number[], digits: number): string[] {
  const all = [median(numbers), Math.min(...numbers), Math.max(...numbers)];
  return all.map((number) => show(number, digits));
}

function show(number: number, digits: number): string {
  return Number.isFinite(number) ? number.toFixed(digits) : '–';
}
