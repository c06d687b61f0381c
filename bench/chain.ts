/**
 * What it costs a new node to synchronise a long chain, compared with what it costs one process to
 * validate the same chain on its own disk. Both are measured in turn, some times over.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import fs from 'fs-extra';
import { readArguments } from '../command-line.js';
import { type Block, GENESIS, newBlock, type SealedTransaction } from '../node-1/blocks.js';
import { LIMITS } from '../node-1/config.js';
import { keyOf } from '../node-1/key-set.js';
import { freePort, within } from '../test/helpers.js';
import { Network, Program, type RunningNode } from '../test/network.js';
import { median, readNumber } from './figures.js';

const USAGE = `Usage: npm run bench:chain -- [options]

Measures how long a new node takes to synchronise a chain with one that has it, from the connection
until all of it is on its disk, against how long a process takes to read the same chain from its
disk and to check every block of it.

  --blocks N          how long the chain is; to make it takes some milliseconds a block
                      (default: 10000)
  --transactions N    how many transactions of 250 bytes are in each block (default: 10)
  --runs N            how often each is measured; the median is shown (default: 5)
  --help              print this`;

/** At most so many times as long as the validation may the synchronisation take. */
const TARGET = 3;
const LONG_MS = 300_000;
const BLOCK_INTERVAL_MS = 1000;
const VALIDATION = fileURLToPath(new URL('validation.js', import.meta.url));

/** The figures of one run. */
interface Run {
  readonly validating: number;
  readonly synchronising: number;
  readonly ratio: number;
  /** Of the node that has synchronised, at the end, and the most until then. */
  readonly megabytes: number;
  readonly peakMegabytes: number;
}

const flags = readArguments(USAGE, {
  blocks: { type: 'string', default: '10000' },
  transactions: { type: 'string', default: '10' },
  runs: { type: 'string', default: '5' },
});
const blocks = readNumber('blocks', flags.blocks);
const transactions = readNumber('transactions', flags.transactions, LIMITS.blockTransactions);
const runs = readNumber('runs', flags.runs);

const interrupted = once(process, 'SIGINT').then(() => Promise.reject(new Error('Interrupted')));
let isInterrupted = false;
interrupted.catch(() => {
  isInterrupted = true;
});

const done: Run[] = [];
const network = await Network.create();
try {
  await measure();
} catch (error) {
  if (!isInterrupted) throw error;
  console.log(`Interrupted: ${done.length} of ${runs} runs are done`);
  process.exitCode = 130;
} finally {
  await network.close();
}
// The deadlines of what was interrupted are still to come.
process.exit();

async function measure(): Promise<void> {
  const file = network.path('blocks.json');
  await makeChain(file);
  const source = await startWith(file);
  for (let run = 1; run <= runs; run++) {
    try {
      done.push(await measureOnce(file, source, run));
    } catch (error) {
      if (isInterrupted) throw error;
      console.log(`run ${run} of ${runs} failed: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  const { size } = await fs.stat(file);
  if (done.length > 0) console.log(describe(size));
}

/** Makes a chain, the same one each time; one block after the other, for each names the last. */
async function makeChain(file: string): Promise<void> {
  const bar = process.stdout.isTTY ? newBar() : undefined;
  if (bar === undefined) console.log(`making a chain of ${blocks} blocks`);
  bar?.start(blocks, 0);
  const stream = createWriteStream(file);
  stream.write(`[\n${GENESIS.json}`);
  try {
    for (let tip = GENESIS; tip.height < blocks; bar?.update(tip.height)) {
      tip = nextBlock(tip);
      if (!stream.write(`,\n${tip.json}`)) await unlessInterrupted(once(stream, 'drain'));
      // A Ctrl-C is heard between two turns only.
      await unlessInterrupted(nextTurn());
    }
  } finally {
    bar?.stop();
    stream.end('\n]\n');
    await once(stream, 'close');
  }
}

function nextBlock(parent: Block): Block {
  const height = parent.height + 1;
  const timestamp = GENESIS.timestamp + height * BLOCK_INTERVAL_MS;
  const sealed = Array.from({ length: transactions }, (_, i) => makeTransaction(height, i));
  return newBlock(parent, sealed, timestamp)(0, Infinity) as Block;
}

/** A transaction of 250 bytes. */
function makeTransaction(height: number, place: number): SealedTransaction {
  const id = createHash('sha256').update(`${height} ${place}`).digest('hex');
  const json = JSON.stringify({
    id,
    fromAddress: id.slice(0, 17),
    toAddress: id.slice(17, 35),
    amount: 10,
    timeStamp: GENESIS.timestamp + height,
    hash: id,
  });
  return { key: keyOf(id), json };
}

/** Starts a node that has the chain in a file. */
async function startWith(file: string): Promise<RunningNode> {
  const port = await freePort();
  await network.addNode('node-1', port, []);
  await fs.copy(file, network.path('node-1/blocks.json'));
  const node = network.launch('node-1', port);
  await saidAtMs(node, /\] listening: /);
  return node;
}

async function measureOnce(file: string, source: RunningNode, run: number): Promise<Run> {
  const validating = await validate(file);
  const { seconds: synchronising, ...memory } = await synchronise(file, source, run);
  const ratio = synchronising / validating;
  console.log(
    `run ${run} of ${runs}: validating ${validating.toFixed(2)} s, synchronising ${synchronising.toFixed(2)} s`,
  );
  return { validating, synchronising, ratio, ...memory };
}

/** Seconds that a process takes to read the chain from its disk and to check it. */
async function validate(file: string): Promise<number> {
  const program = network.keep(new Program([VALIDATION, file], network.root));
  const { stdout, stderr } = await unlessInterrupted(program.result());
  if (stdout === '') throw new Error(`the chain is not valid: ${stderr}`);
  const { height, seconds } = JSON.parse(stdout);
  if (height !== blocks) throw new Error(`${height} blocks have been validated`);
  return seconds;
}

/** Seconds from the connection of a new node until it has the chain on its disk. */
async function synchronise(file: string, source: RunningNode, run: number) {
  const port = await freePort();
  const name = `node-${run + 1}`;
  await network.addNode(name, port, [source.address]);
  const node = network.launch(name, port);
  const connectedMs = saidAtMs(node, /\] connected: /);
  const synchronisedMs = saidAtMs(node, new RegExp(`\\] synchronised: blocks \\d+ to ${blocks},`));
  try {
    const [fromMs, toMs] = await Promise.all([connectedMs, synchronisedMs]);
    const [chain, copy] = await Promise.all(
      [file, `${node.folder}/blocks.json`].map((each) => fs.readFile(each)),
    );
    if (!chain?.equals(copy as Buffer)) throw new Error('the two files differ');
    return { seconds: (toMs - fromMs) / 1000, ...(await memoryOf(node)) };
  } finally {
    await node.close();
    await fs.remove(node.folder);
  }
}

/** When a node has printed a line. */
function saidAtMs(node: RunningNode, line: RegExp): Promise<number> {
  const said = new Promise<number>((resolve, reject) => {
    node.process.stdout?.on('data', () => {
      if (line.test(node.stdout)) resolve(performance.now());
    });
    node.process.once('close', () => {
      reject(new Error(`${node.name} ended: ${node.stdout}${node.stderr}`));
    });
  });
  return unlessInterrupted(within(LONG_MS, said));
}

/** Of a process, as only Linux tells it; elsewhere, no numbers. */
async function memoryOf({ process: { pid } }: Program) {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const read = (name: string) => Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024;
  return { megabytes: read('VmRSS'), peakMegabytes: read('VmHWM') };
}

function unlessInterrupted<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, interrupted]);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function describe(bytes: number): string {
  const column = (name: keyof Run) => done.map((run) => run[name]);
  const isMet = median(column('ratio')) <= TARGET;
  const rate = (name: keyof Run) => {
    const perSecond = 1 / median(column(name));
    return `${(blocks * perSecond).toFixed(0)} blocks/s, ${((bytes / 1e6) * perSecond).toFixed(1)} MB/s`;
  };
  return `
${blocks} blocks of ${transactions} transactions, ${bytes} bytes; median (least to most) of ${done.length} of ${runs} runs

validating     ${spread(column('validating'), 2, 's')}  ${rate('validating')}
synchronising  ${spread(column('synchronising'), 2, 's')}  ${rate('synchronising')}
ratio          ${spread(column('ratio'), 2, '×')}  target: at most ${TARGET} ×, ${isMet ? 'met' : 'not met'}
memory         ${spread(column('megabytes'), 0, 'MB')}  of the new node at the end
at most        ${spread(column('peakMegabytes'), 0, 'MB')}  until then`;
}

function spread(numbers: readonly number[], digits: number, unit: string): string {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map(
    (number) => number.toFixed(digits),
  );
  return `${middle} ${unit} (${least} to ${most})`.padEnd(28);
}

function newBar(): SingleBar {
  return new SingleBar({
    format: '{bar} {percentage}% | {value} of {total} blocks made | {eta} s left',
    hideCursor: true,
    stream: process.stdout,
  });
}
