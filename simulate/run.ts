/** Simulates a network of any size: the decisions of node-1, in virtual time. */

import { readArguments } from '../lib/command-line.js';
import { fail } from '../lib/log.js';
import { describe, isWhole, upIn } from './figures.js';
import { Network } from './network.js';

const USAGE = `Usage: npm run simulate -- [options]

Runs what as many nodes as you like decide, whom to dial, when, and whom to tell, in virtual time and
without sockets, and prints what the network costs each of them.

  --nodes N         how many nodes (default: 1000)
  --max-peers N     MAX_PEERS of all of them (default: 128 up to 129 nodes, as in a full mesh; else 8)
  --known N         how many of them all know when they start (default: 1)
  --join N          seconds over which they start (default: 30)
  --settle N        seconds from then to the first transaction (default: 60)
  --transactions N  how many are made, one a second, by nodes at random (default: 20)
  --latency N       milliseconds from one node to another, ±50 % (default: 50)
  --loss N          percent of the messages with which a connection breaks (default: 0)
  --churn N         percent of the nodes that leave each minute, for half a minute or so (default: 0)
  --seed N          repeats a run
  --help            print this`;
/** Time until comparisons find what relay did not deliver. */
const REPAIR_MS = 120_000;
const SECOND_MS = 1000;
const PROGRESS_MS = 2000;
/** The largest network in which all are connected to all. */
const FULL_MESH = 129;

const flags = readArguments(USAGE, {
  nodes: { type: 'string', default: '1000' },
  'max-peers': { type: 'string' },
  known: { type: 'string', default: '1' },
  join: { type: 'string', default: '30' },
  settle: { type: 'string', default: '60' },
  transactions: { type: 'string', default: '20' },
  latency: { type: 'string', default: '50' },
  loss: { type: 'string', default: '0' },
  churn: { type: 'string', default: '0' },
  seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
});
const nodes = readWhole('nodes', 2, 65_536);
// All connected to all costs a large network more than it is worth, and the simulator more than an hour.
flags['max-peers'] ??= nodes > FULL_MESH ? '8' : '128';
const world = {
  nodes,
  maxPeers: readWhole('max-peers', 1, 128),
  known: readWhole('known', 1, 100),
  joinMs: SECOND_MS * readWhole('join', 0, 3600),
  latencyMs: readWhole('latency', 1, 10_000),
  loss: read('loss', 0, 100) / 100,
  churn: read('churn', 0, 1000) / 100,
  seed: readWhole('seed', 0, 2 ** 31 - 1),
};
const transactions = readWhole('transactions', 1, 1000);
const firstMs = world.joinMs + SECOND_MS * readWhole('settle', 1, 3600);
const lastMs = firstMs + SECOND_MS * transactions + REPAIR_MS;

console.log(`seed ${world.seed}`);
const network = new Network(world);
let wholeMs: number | undefined;
const startedMs = performance.now();
let shownMs = startedMs;
for (let nowMs = SECOND_MS; nowMs <= lastMs; nowMs += SECOND_MS) {
  network.run(nowMs);
  if (wholeMs === undefined && nowMs >= world.joinMs && isWhole(network)) {
    wholeMs = nowMs - world.joinMs;
  }
  if (nowMs === firstMs) network.beginChurn();
  const isGiving = nowMs >= firstMs && nowMs < firstMs + SECOND_MS * transactions;
  const node = isGiving ? network.random.oneOf(upIn(network)) : undefined;
  if (node !== undefined) network.relay.give(node, network.nodes);
  showProgress(nowMs);
}
console.log(describe(network, wholeMs));

/** Prints progress on stderr, so that stdout of two runs can be compared. */
function showProgress(nowMs: number): void {
  if (performance.now() - shownMs < PROGRESS_MS) return;
  shownMs = performance.now();
  const leftS = Math.ceil(((shownMs - startedMs) / 1000) * (lastMs / nowMs - 1));
  console.error(
    `simulated second ${nowMs / SECOND_MS} of ${lastMs / SECOND_MS}, ${network.links} links; about ${leftS} s left`,
  );
}

function readWhole(name: keyof typeof flags, least: number, most: number): number {
  const number = read(name, least, most);
  if (!Number.isInteger(number)) fail(`--${name} ${flags[name]} is not a whole number`);
  return number;
}

function read(name: keyof typeof flags, least: number, most: number): number {
  const text = flags[name] ?? '';
  const number = Number(text);
  if (text.trim() === '' || !(number >= least && number <= most)) {
    fail(`--${name} ${text} is not a number from ${least} to ${most}`);
  }
  return number;
}
