/**
 * Some nodes, transactions and blocks at random ones, and all that can happen to a network: kills,
 * stops, cuts, losses and restarts. Then quiet: all chains and all pools must become the same, with
 * every transaction that a node has given a receipt for in one of the two, and none twice.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readArguments } from '../../lib/command-line.js';
import { fail } from '../../lib/log.js';
import { addBlock } from '../support/block-maker.js';
import { Client, makeIds } from '../support/client.js';
import { makeTransaction, until } from '../support/helpers.js';
import { Network } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';
import type { Switchboard } from '../support/switchboard.js';
import { type Happening, makeSchedule } from './chaos-schedule.js';
import { areAlike, checkChain, heightOf, type Ledger, ledgerOf } from './ledger.js';

const USAGE = `Usage: npm run chaos -- [options]

Takes some nodes through random kills, stops, cuts and losses, and checks that all pools and all
chains are the same in the end. A run that fails says how to run it again.

  --seed N      what happens, and when, follows from it (default: a new one)
  --seconds N   how long before it becomes quiet (default: 120)
  --nodes N     how many nodes (default: 5)
  --help        print this`;

/** Longer than any wait for a dial or a comparison, and than a busy machine takes for tens of thousands. */
const QUIET_LIMIT_MS = 400_000;

/**
 * Runs a network through a random schedule, and checks what is left.
 *
 * @param seed the schedule follows from it
 * @param tell hears of the progress, in a few lines
 * @throws Error that says what does not hold
 */
export async function runChaos(
  seed: number,
  seconds: number,
  nodeCount: number,
  tell: (line: string) => void,
): Promise<void> {
  const network = await Network.create();
  try {
    const { nodes, switchboard } = await network.startBehindSwitchboard(nodeCount);
    const chaos = new Chaos(network, nodes, switchboard, tell);
    await chaos.play(makeSchedule(seed, seconds, nodeCount));
    await chaos.untilAllAreSame();
  } finally {
    await network.close();
  }
}

class Chaos {
  readonly #network: Network;
  readonly #nodes: NodeProcess[];
  readonly #switchboard: Switchboard;
  readonly #tell: (line: string) => void;
  readonly #clients: (Client | undefined)[] = [];
  /** What is under way and passes: a node that is down, a cut. One at a time for each. */
  readonly #passing = new Map<string | number, Promise<void>>();
  #error: Error | undefined;
  readonly #receipted = new Set<string>();
  #sent = 0;
  #included = 0;
  #happened = 0;

  constructor(
    network: Network,
    nodes: NodeProcess[],
    switchboard: Switchboard,
    tell: (line: string) => void,
  ) {
    this.#network = network;
    this.#nodes = nodes;
    this.#switchboard = switchboard;
    this.#tell = tell;
  }

  async play(schedule: readonly Happening[]): Promise<void> {
    const startedMs = performance.now();
    for (const { atMs, ...happening } of schedule) {
      await sleep(atMs - (performance.now() - startedMs));
      this.#begin(happening);
    }
    await Promise.all(this.#passing.values());
    if (this.#error !== undefined) throw this.#error;
    for (const node of this.#nodes.keys()) this.#leave(node);
    this.#tell(
      `${this.#happened} happenings, ${this.#sent} transactions, ${this.#receipted.size} receipts, ${this.#included} blocks`,
    );
  }

  async untilAllAreSame(): Promise<void> {
    const quietMs = performance.now();
    let all: Ledger[] = [];
    await until(
      () => {
        const found = all.map((ledger) => {
          return `${ledger.pooled.length} and ${ledger.included.length} in ${heightOf(ledger)}`;
        });
        return `all to be the same; they have, pooled and included in blocks: ${found.join('; ')}`;
      },
      async () => {
        // Whoever looks all the time keeps the switchboard, which is here as well, from its work.
        await sleep(500);
        all = await Promise.all(this.#nodes.map(ledgerOf));
        // Of two chains that are equally long, the next block decides.
        if (areAlike(all.map(heightOf)) && !areAlike(all.map(({ chain }) => chain))) {
          await this.#addBlock(0);
        }
        return areAlike(all.map(({ pooled, chain }) => pooled.sort().join() + chain));
      },
      QUIET_LIMIT_MS,
    );
    const seconds = ((performance.now() - quietMs) / 1000).toFixed(1);
    const { pooled, included, chain } = all[0] as Ledger;
    const ids = [...pooled, ...included];
    const blocks = checkChain(chain);
    this.#tell(
      `${seconds} s later, all have the same ${blocks} blocks, with ${included.length} transactions, and ${pooled.length} in the pool`,
    );
    assert.equal(new Set(ids).size, ids.length, 'a transaction is there twice');
    const held = new Set(ids);
    const lost = [...this.#receipted].filter((id) => !held.has(id));
    assert.deepEqual(lost, [], 'a transaction that has a receipt is lost');
  }

  /** Begins something, unless the like of it is under way. */
  #begin({ what, node, forMs, count }: Omit<Happening, 'atMs'>): void {
    const process = this.#nodes[node]?.process;
    const actions: Record<Happening['what'], () => Promise<void>> = {
      add: () => this.#add(node, count),
      block: () => this.#addBlock(node),
      kill: () => this.#kill(node, forMs),
      stop: async () => {
        process?.kill('SIGSTOP');
        await sleep(forMs);
        process?.kill('SIGCONT');
      },
      cut: async () => {
        this.#switchboard.cutInTwo([node, (node + 1) % this.#nodes.length]);
        await sleep(forMs);
        this.#switchboard.healAll();
      },
      lose: async () => {
        this.#switchboard.dropEvery = count;
        await sleep(forMs);
        this.#switchboard.dropEvery = undefined;
      },
    };
    const place = {
      add: `client ${node}`,
      block: 'block',
      kill: node,
      stop: node,
      cut: 'cut',
      lose: 'loss',
    }[what];
    if (this.#passing.has(place)) return;
    this.#happened += 1;
    const passing = actions[what]()
      .catch((error) => {
        this.#error ??= error;
      })
      .finally(() => this.#passing.delete(place));
    this.#passing.set(place, passing);
  }

  /** A node that is stopped gets what goes into its buffers, one that is down nothing. */
  async #add(node: number, count: number): Promise<void> {
    if (!this.#clients[node]?.isOpen) {
      if (this.#passing.has(node)) return;
      this.#leave(node);
      const { address } = this.#nodes[node] as NodeProcess;
      this.#clients[node] = await Client.open(address).catch(() => undefined);
    }
    this.#clients[node]?.send(...makeIds(`${this.#sent}+`, count).map(makeTransaction));
    this.#sent += count;
  }

  /** It may be in vain: the node is down, or another block is first. */
  async #addBlock(node: number): Promise<void> {
    const isTaken = await addBlock(this.#nodes[node] as NodeProcess).then(
      () => true,
      () => false,
    );
    if (isTaken) this.#included += 1;
  }

  async #kill(node: number, forMs: number): Promise<void> {
    const killed = this.#nodes[node] as NodeProcess;
    await killed.end('SIGKILL');
    await sleep(forMs);
    this.#nodes[node] = await this.#network.restart(killed);
  }

  #leave(node: number): void {
    const client = this.#clients[node];
    client?.socket.terminate();
    for (const { id } of client?.receipts ?? []) this.#receipted.add(String(id));
    this.#clients[node] = undefined;
  }
}

async function main(): Promise<void> {
  const flags = readArguments(USAGE, {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    seconds: { type: 'string', default: '120' },
    nodes: { type: 'string', default: '5' },
  });
  const [seed, seconds, nodes] = [flags.seed, flags.seconds, flags.nodes].map(Number) as [
    number,
    number,
    number,
  ];
  if (!Number.isSafeInteger(seed)) fail(`--seed ${flags.seed} is not a whole number`);
  if (!(seconds > 0 && seconds < Infinity))
    fail(`--seconds ${flags.seconds} is not a number above 0`);
  if (!(Number.isInteger(nodes) && nodes >= 3))
    fail(`--nodes ${flags.nodes} is not a number above 2`);
  const command = `npm run chaos -- --seed ${seed} --seconds ${seconds} --nodes ${nodes}`;
  console.log(`Seed ${seed}, ${seconds} s`);
  try {
    await runChaos(seed, seconds, nodes, console.log);
  } catch (error) {
    fail(`${(error as Error).message}\nRun it again: ${command}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
