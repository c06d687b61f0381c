import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, TEST_LIMIT_MS, until, within } from '../support/helpers.js';
import { type Machine, Machines, whyNoMachines } from '../support/namespaces.js';
import { Network } from '../support/network.js';
import type { Program } from '../support/program.js';

/** A cut goes unnoticed until a ping is not answered, and a dial may wait for its turn. */
const DEADLINE_MS = 100_000;
const CUT_MS = 5000;

/** Three nodes that know the first of them, each on a machine of its own. */
class Lan {
  readonly machines: Machine[];
  readonly #network: Network;
  readonly #port: number;
  readonly #nodes: Program[] = [];
  #given = 0;

  private constructor(network: Network, machines: Machine[], port: number) {
    this.#network = network;
    this.machines = machines;
    this.#port = port;
  }

  static async start(network: Network, machines: Machine[]): Promise<Lan> {
    // One port for all: they are on different machines.
    const port = await freePort();
    const lan = new Lan(network, machines, port);
    const [first] = machines as [Machine];
    for (const [index, { ip }] of machines.entries()) {
      const knownPeers = index === 0 ? [] : [`ws://${first.ip}:${port}`];
      await network.addNode(nameOf(index), port, knownPeers);
      await network.write(`${nameOf(index)}/.env`, `PORT=${port}\nHOST=${ip}\n`);
    }
    for (const [index, machine] of machines.entries()) {
      const node = network.keep(machine.start(['index.js'], network.path(nameOf(index))));
      lan.#nodes.push(node);
      await until(
        () => `${nameOf(index)} to listen; it said: ${node.stdout}${node.stderr}`,
        () => node.stdout.includes(`listening: ws://${machine.ip}:${port}`),
      );
    }
    return lan;
  }

  /** Has a person at each of these machines add transactions to the node there. */
  async give(count: number, ...indexes: number[]): Promise<void> {
    await Promise.all(
      indexes.map(async (index) => {
        const args = ['add-transaction.js', '--node', nameOf(index), '--count', String(count)];
        const machine = this.machines[index] as Machine;
        const adding = this.#network.keep(machine.start(args, this.#network.root));
        const { code, stderr } = await adding.result();
        if (code !== 0) throw new Error(`add-transaction on machine ${index + 1}: ${stderr}`);
        this.#given += count;
      }),
    );
  }

  /** Waits until each is connected to each, once. */
  async untilWhole(): Promise<void> {
    for (const machine of this.machines) {
      const others = this.machines.filter((other) => other !== machine);
      const expected = others.map(({ ip }) => `${ip}:${this.#port}`).sort();
      let connected: string[] = [];
      await until(
        () => `${machine.ip} to be connected to ${expected}; it is to ${connected}`,
        async () => {
          connected = (await machine.dialledConnections(this.#port)).sort();
          return connected.join() === expected.join();
        },
        DEADLINE_MS,
      );
    }
  }

  /** Waits until these nodes hold so many transactions, all the same; if not told, all of them. */
  async untilPoolsHold(indexes = [...this.machines.keys()], count = this.#given): Promise<void> {
    let pools: string[][] = [];
    await until(
      () => `${count} transactions in all; there are ${pools.map(({ length }) => length)}`,
      async () => {
        await sleep(200);
        pools = await Promise.all(indexes.map((index) => this.#idsOn(index)));
        const [first, ...others] = pools.map((ids) => [...new Set(ids)].sort().join());
        return pools.every((ids) => ids.length === count) && others.every((ids) => ids === first);
      },
      DEADLINE_MS,
    );
  }

  /** What a node has printed that it must not. */
  get errors(): string {
    return this.#nodes.map(({ stderr }) => stderr).join('');
  }

  async #idsOn(index: number): Promise<string[]> {
    const text = await this.#network.read(`${nameOf(index)}/transactions.json`);
    try {
      return (JSON.parse(text) as { id: string }[]).map(({ id }) => id);
    } catch {
      // Caught while it is being written.
      return [];
    }
  }
}

test('three machines, one of them far away and one cut off for a while, end with the same pool', {
  skip: await whyNoMachines(),
}, async (t) => {
  const network = await Network.create();
  try {
    const { all } = network.keep(await Machines.create(3));
    const lan = await Lan.start(network, all);
    await within(
      TEST_LIMIT_MS,
      cutAndHeal(lan, (line) => t.diagnostic(line)),
    );
  } finally {
    await network.close();
  }
});

async function cutAndHeal(lan: Lan, tell: (line: string) => void): Promise<void> {
  const [, second, third] = lan.machines as [Machine, Machine, Machine];
  await lan.untilWhole();
  tell(await third.worsenLink());
  await lan.give(200, 0, 1, 2);
  await lan.untilPoolsHold();

  await second.setLink('down');
  await lan.give(50, 0, 1, 2);
  await lan.untilPoolsHold([0, 2], 700);
  await lan.untilPoolsHold([1], 650);
  await sleep(CUT_MS);
  await second.setLink('up');
  await lan.untilPoolsHold();
  await lan.untilWhole();

  await lan.give(1, 0, 1, 2);
  await lan.untilPoolsHold();
  if (lan.errors !== '') throw new Error(lan.errors);
}

function nameOf(index: number): string {
  return `node-${index + 1}`;
}
