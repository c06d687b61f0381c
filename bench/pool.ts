/**
 * What a large pool costs: starting with it, comparing it, catching up with it. Times are medians,
 * and ratios to something measured in the same run.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import fs from 'fs-extra';
import { readArguments } from '../command-line.js';
import { give, makeIds } from '../test/client.js';
import { freePort, until } from '../test/helpers.js';
import { Network, Program, type RunningNode } from '../test/network.js';
import { Switchboard } from '../test/switchboard.js';
import { median, readNumber } from './figures.js';

const USAGE = `Usage: npm run bench -- [options]

Measures three things that grow with the pool: starting with it, against JSON.parse of the same
file; comparing two pools that differ by 100 transactions; and joining late, against the relay of
as many transactions to a node that was there from the beginning.

  --count N     how large the pool is (default: 1000000; for the last, a tenth of it)
  --runs N      how often each is measured; the median is shown (default: 5)
  --help        print this`;

const LONG_MS = 300_000;
const DIFFERENCE = 100;

const flags = readArguments(USAGE, {
  count: { type: 'string', default: '1000000' },
  runs: { type: 'string', default: '5' },
});
const count = readNumber('count', flags.count);
const runs = readNumber('runs', flags.runs);

for (const bench of [benchStart, benchComparison, benchLateJoiner]) {
  const results: number[][] = [];
  for (let run = 0; run < runs; run++) {
    const network = await Network.create();
    try {
      results.push(await bench(network));
    } finally {
      await network.close();
    }
  }
  console.log(describe(bench, results));
}

/** Seconds to start, seconds for JSON.parse, and megabytes that the node then takes. */
async function benchStart(network: Network): Promise<number[]> {
  const port = await freePort();
  await network.addNode('node-1', port, []);
  const file = network.path('node-1/transactions.json');
  await writePool(file, 0, count);
  const parseSeconds = await seconds(async () => {
    const parse = `JSON.parse(fs.readFileSync(${JSON.stringify(file)}, 'utf8'))`;
    await new Program(['-e', parse], network.root).result();
  });
  let node: RunningNode | undefined;
  const startSeconds = await seconds(async () => {
    node = network.launch('node-1', port);
    await untilSaid(node, /listening/);
  });
  const status = await fs.readFile(`/proc/${node?.process.pid}/status`, 'utf8');
  const megabytes = Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024;
  return [startSeconds, parseSeconds, megabytes];
}

/** Seconds until both have all, and kilobytes of frames in both directions. */
async function benchComparison(network: Network): Promise<number[]> {
  const ports = [await freePort(), await freePort()];
  const switchboard = network.keep(await Switchboard.open(ports));
  switchboard.cut(0, 1);
  const nodes: RunningNode[] = [];
  for (const [index, port] of ports.entries()) {
    const name = `node-${index + 1}`;
    await network.addNode(name, port, [switchboard.addressFor(index, 1 - index)]);
    // The first half of the difference is missing here, the second half there.
    const from = index * (DIFFERENCE / 2);
    await writePool(network.path(`${name}/transactions.json`), from, from + count);
    nodes.push(network.launch(name, port));
  }
  for (const node of nodes) await untilSaid(node, /listening/);
  switchboard.bytes = 0;
  switchboard.healAll();
  await until('a connection', () => switchboard.isConnected(0, 1), LONG_MS);
  const took = await seconds(async () => {
    for (const node of nodes) await untilSaid(node, /reconciled: 50 /);
  });
  return [took, switchboard.bytes / 1024];
}

/** Transactions a second, on disk: of one that listens late, and of one that was there. */
async function benchLateJoiner(network: Network): Promise<number[]> {
  const [first, second] = (await network.startMesh(2)) as [RunningNode, RunningNode];
  const ids = makeIds('t', count / 10);
  const sizeOf = async (node: RunningNode) =>
    (await fs.stat(`${node.folder}/transactions.json`)).size;
  const relaySeconds = await seconds(async () => {
    await give(first.address, ids);
    const size = await sizeOf(first);
    await until('the relay', async () => (await sizeOf(second)) === size, LONG_MS);
  });
  const late = await network.startNode('node-3', [first.address]);
  const joinSeconds = await seconds(async () => {
    const size = await sizeOf(first);
    await until('the late one', async () => (await sizeOf(late)) === size, LONG_MS);
  });
  return [ids.length / joinSeconds, ids.length / relaySeconds];
}

function describe(bench: unknown, results: number[][]): string {
  const [a = 0, b = 0, c = 0] = [0, 1, 2].map((column) =>
    median(results.map((row) => row[column] ?? 0)),
  );
  if (bench === benchStart) {
    return `start with ${count}: ${a.toFixed(2)} s, ${(a / b).toFixed(2)} × JSON.parse (${b.toFixed(2)} s), ${c.toFixed(0)} MB`;
  }
  if (bench === benchComparison) {
    return `compare pools of ${count}, ${DIFFERENCE} apart: ${a.toFixed(2)} s, ${b.toFixed(0)} KB`;
  }
  return `join late, ${count / 10}: ${a.toFixed(0)}/s, ${(a / b).toFixed(2)} × the relay (${b.toFixed(0)}/s)`;
}

/** Writes a pool of transactions of about 230 bytes each, numbered. */
async function writePool(file: string, from: number, to: number): Promise<void> {
  const stream = createWriteStream(file);
  for (let number = from; number < to; number++) {
    const id = createHash('sha256').update(String(number)).digest('hex');
    const json = JSON.stringify({
      id,
      fromAddress: 'alice',
      toAddress: 'bob',
      amount: 10,
      timeStamp: 1_795_363_890_596 + number,
      hash: id,
    });
    if (!stream.write(`${number === from ? '[' : ','}\n${json}`)) await once(stream, 'drain');
  }
  stream.end('\n]\n');
  await once(stream, 'close');
}

function untilSaid(node: RunningNode, line: RegExp): Promise<void> {
  return until(
    () => `${node.name} to say ${line}: ${node.stdout}`,
    () => line.test(node.stdout),
    LONG_MS,
  );
}

async function seconds(action: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return (performance.now() - startedMs) / 1000;
}
