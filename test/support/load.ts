/** Two nodes, one of them under attack: what must hold meanwhile, whatever the attack is. */

import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus, give, makeIds } from './client.js';
import { makeTransaction, say, transactionMessage, until } from './helpers.js';
import { withHostedBesideOne } from './hosted.js';
import { peersOf } from './mesh.js';
import { type Network, withNetwork } from './network.js';
import type { NodeProcess, RunningNode } from './program.js';

/** How much more than an honest node, which is not attacked, the victim of a siege may grow by. */
const MEMORY_BYTES = 100 * 1024 * 1024;
/** What may be printed at once, and then in each second: of each event, a few lines and one. */
const LINES = 200;
const LINES_PER_SECOND = 8;
const PROBE_INTERVAL_MS = 200;
const WARM_UP = 40_000;
/** The id of the transaction that a client adds meanwhile. */
const ADDED = 'added meanwhile';

export interface Loaded<H extends RunningNode = RunningNode> {
  readonly network: Network<H>;
  /** The node to attack. */
  readonly victim: NodeProcess;
  /** An honest node that is connected to it. */
  readonly honest: H;
  /** What the victim has printed since the attack began. */
  said(): string;
}

/**
 * Runs an attack. Meanwhile, and once more when it has ended, transactions that the honest node
 * is given must reach the victim, and the victim must accept one from a client. It must
 * stay alive, and print few lines and no stack trace.
 */
export function underAttack(attack: (load: Loaded) => Promise<void>): Promise<void> {
  return withHostedBesideOne(async (network) => {
    const [victim, honest] = await network.startMesh(2);
    await attackIn(network, [victim as NodeProcess, honest as RunningNode], attack);
  });
}

/** The same, for one who needs the honest node in a process of its own. */
export function underAttackBesideProcess(
  attack: (load: Loaded<NodeProcess>) => Promise<void>,
): Promise<void> {
  return withNetwork(async (network) => {
    const [victim, honest] = await network.startMesh(2);
    await attackIn(network, [victim as NodeProcess, honest as NodeProcess], attack);
  });
}

/**
 * Runs an attack that could fill the memory. Of the two nodes only the victim is attacked, so the
 * other is the control: the victim may not grow by much more than that one does meanwhile.
 */
export function underSiege(
  attack: (load: Loaded<NodeProcess>) => Promise<void>,
  memoryBytes = MEMORY_BYTES,
): Promise<void> {
  return withNetwork(async (network) => {
    const [victim, honest] = (await network.startMesh(2)) as [NodeProcess, NodeProcess];
    const pair = [victim, honest] as const;
    // Code that runs for the first time takes memory of its own, and so does a heap until it is
    // as large as a node at work needs it.
    const ids = makeIds('warm', WARM_UP);
    await give(pair[0].address, ids);
    await until('both to be warm', async () => {
      const pools = await Promise.all(pair.map((node) => node.poolText()));
      return pools.every((pool) => pool.includes(`"${ids.at(-1)}"`));
    });
    const before = pair.map(memoryOf);
    const most = [...before];
    const watch = setInterval(() => {
      for (const [i, node] of pair.entries()) most[i] = Math.max(most[i] as number, memoryOf(node));
    }, 20);
    try {
      await attackIn(network, pair, attack);
    } finally {
      clearInterval(watch);
    }
    const [grown, control] = most.map((each, i) => each - (before[i] as number));
    const message = `${grown} more bytes of memory, where the honest node has ${control}`;
    assert.ok((grown as number) - (control as number) < memoryBytes, message);
  });
}

async function attackIn<H extends RunningNode>(
  network: Network<H>,
  [victim, honest]: readonly [victim: NodeProcess, honest: H],
  attack: (load: Loaded<H>) => Promise<void>,
): Promise<void> {
  const saidBefore = victim.stdout.length;
  const said = () => victim.stdout.slice(saidBefore);
  const startedMs = performance.now();
  const over = new AbortController();
  const probing = probe(victim, honest, over.signal);
  // An attack that fails has more to say.
  probing.catch(() => {});
  const adding = askStatus(victim.address, makeTransaction(ADDED));
  try {
    await attack({ network, victim, honest, said });
  } finally {
    over.abort();
  }
  await probing;
  await probe(victim, honest, over.signal);
  assert.deepEqual(await adding, ['accepted'], 'a client during the attack');
  assert.ok(victim.isRunning, 'the victim lives');
  assert.equal(victim.stderr, '');
  assert.doesNotMatch(said(), /^\s+at |node:internal|\.js:\d/m, 'no stack trace, no path');
  const lines = said().split('\n').length;
  const seconds = (performance.now() - startedMs) / 1000;
  assert.ok(lines < LINES + LINES_PER_SECOND * seconds, `${lines} lines: ${said().slice(0, 2000)}`);
}

/** Gives the honest node one transaction after the other, at least one, and awaits each. */
async function probe(victim: NodeProcess, honest: RunningNode, over: AbortSignal): Promise<void> {
  do {
    const id = `probe${Math.random()}`;
    const file = join(victim.folder, 'transactions.json');
    const { size } = await stat(file);
    await say(honest.address, transactionMessage(id));
    await until('a transaction to reach the victim', async () =>
      (await textFrom(file, size)).includes(id),
    );
    if (!over.aborted) await sleep(PROBE_INTERVAL_MS);
  } while (!over.aborted);
}

/** Waits until the victim has these ids, and checks that it has none beyond them and the load's. */
export async function untilPoolHolds(victim: NodeProcess, ids: readonly unknown[]): Promise<void> {
  let found: unknown[] = [];
  const missing = () => ids.filter((id) => !found.includes(id));
  await until(
    () => `the victim to have ${missing().join()}`,
    async () => {
      found = (await victim.pool()).map(({ id }) => id);
      return missing().length === 0;
    },
  );
  const ours = /^(warm|probe)[\d.e-]+$/;
  const isOther = (id: unknown) => !ids.includes(id) && !ours.test(String(id)) && id !== ADDED;
  assert.deepEqual(found.filter(isOther), [], 'nothing but what was accepted is in the pool');
}

/** Makes sure that the victim takes a transaction from the command now. */
export async function admitsACommand({ network }: Pick<Loaded, 'network'>): Promise<void> {
  const { code, stderr } = await network.run(['add-transaction.js']);
  assert.equal(code, 0, stderr);
}

/** Makes sure that the attack has not cost the victim its connection to the honest node. */
export async function keepsItsPeer({ victim, honest, said }: Loaded): Promise<void> {
  assert.ok(!said().includes(`disconnected: ${honest.address}`), said());
  assert.ok(!honest.stdout.includes(`disconnected: ${victim.address}`), honest.stdout);
  const connected = await peersOf(victim);
  assert.equal(connected.filter((address) => address === honest.address).length, 1, `${connected}`);
}

/** What a file holds from a place on: to read all of a pool, again and again, takes long. */
async function textFrom(file: string, start: number): Promise<string> {
  const stream = createReadStream(file, { start, encoding: 'utf8' });
  return (await stream.toArray()).join('');
}

/** The resident memory of a process, in bytes; 0 when it has ended. Linux only. */
export function memoryOf({ process }: NodeProcess): number {
  try {
    const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
