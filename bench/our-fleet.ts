/** A fleet of our nodes, all connected to all. A transaction has arrived when it is on disk. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../test/support/client.js';
import { freePort, until } from '../test/support/helpers.js';
import { Network } from '../test/support/network.js';
import type { NodeProcess } from '../test/support/program.js';
import { statusOf } from '../test/support/status.js';
import { prepareInSwarm } from '../test/support/swarm.js';
import {
  type Arrival,
  type Expected,
  type Fleet,
  goWithUs,
  LINGER_MS,
  SETTLE_MS,
  signal,
} from './fleet.js';
import { nowMs } from './machine.js';
import { saidAtMs } from './observation.js';
import { checkPools, copyPool, heldIn, PoolWatch, untilHeld } from './pool-files.js';
import { transactionText } from './transactions.js';

const READY_MS = 120_000;
/** Said once the pool is read, which takes long for a large one. */
const LISTENING = /\] listening: /;

export class OurFleet implements Fleet {
  readonly #network: Network;
  readonly #nodes: readonly NodeProcess[];
  readonly #pooled: number;
  /** Cancels what goWithUs set up. */
  readonly #release: () => void;
  /** Number of transactions that each node should hold. */
  #expected: number;

  private constructor(network: Network, nodes: readonly NodeProcess[], pooled: number) {
    this.#network = network;
    this.#nodes = nodes;
    this.#pooled = pooled;
    this.#release = goWithUs(network.root, this.pids);
    this.#expected = pooled;
  }

  /**
   * Starts so many nodes with so many transactions in their pools.
   *
   * @param bootstrap where the DHT is entered in which they meet; without it, all know the first
   */
  static async open(size: number, pooled = 0, bootstrap?: string): Promise<OurFleet> {
    const network = await Network.create();
    try {
      const nodes = await startNodes(network, size, pooled, bootstrap);
      const fleet = new OurFleet(network, nodes, pooled);
      await fleet.#untilMeshed();
      return fleet;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  get door(): string {
    return this.#nodes[0]?.address ?? '';
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  get pids(): readonly number[] {
    return this.#nodes.map((node) => node.process.pid as number);
  }

  async expect({ from, count, isTimed }: Expected): Promise<{ arrival: Promise<Arrival> }> {
    this.#expected = from + count;
    const watches = isTimed ? this.#files.map((file) => new PoolWatch(file, from)) : [];
    const clients = await Promise.all(this.#nodes.map(({ address }) => Client.open(address)));
    const arrive = async () => {
      await untilHeld(this.#files, this.#expected);
      // A receipt comes once everything before it is synced to the disk.
      const known = JSON.parse(transactionText(from));
      await Promise.all(this.#nodes.map((node, at) => confirm(node, clients[at], known)));
      const completeMs = nowMs();
      const timesMs = latest(watches);
      for (const watch of watches) watch.close();
      return { completeMs, timesMs };
    };
    return { arrival: arrive() };
  }

  async check(): Promise<void> {
    await sleep(LINGER_MS);
    for (const file of this.#files) {
      const held = heldIn(file);
      if (held !== this.#expected) {
        throw new Error(`${file} holds ${held} transactions instead of ${this.#expected}`);
      }
    }
  }

  pause(): void {
    signal(this.pids, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    signal(this.pids, 'SIGCONT');
    await sleep(SETTLE_MS);
    await this.#untilMeshed();
  }

  /** @throws Error, after everything is cleaned up, if a file is not as it should be */
  async close(): Promise<void> {
    signal(this.pids, 'SIGKILL');
    try {
      checkPools(this.#files, this.#pooled, this.#expected);
    } finally {
      await this.#network.close();
      this.#release();
    }
  }

  get #files(): string[] {
    return this.#nodes.map(({ folder }) => `${folder}/transactions.json`);
  }

  /** Asks the nodes themselves. There are no other nodes that they might dial. */
  async #untilMeshed(): Promise<void> {
    const others = this.#nodes.length - 1;
    for (const node of this.#nodes) {
      await until(
        `${node.name} to be connected to all`,
        async () => {
          const { nodes } = (await statusOf(node)).network;
          return nodes.filter(({ state }) => state === 'connected').length === others;
        },
        READY_MS,
      );
    }
  }
}

/** All nodes know the first, or the swarm. */
async function startNodes(
  network: Network,
  size: number,
  pooled: number,
  bootstrap: string | undefined,
): Promise<NodeProcess[]> {
  const nodes: NodeProcess[] = [];
  for (let number = 1; number <= size; number++) {
    const name = `node-${number}`;
    const knownPeers = number === 1 ? [] : [nodes[0]?.address ?? ''];
    const port =
      bootstrap === undefined
        ? await freePort()
        : await prepareInSwarm(network, name, { bootstrap });
    if (bootstrap === undefined) await network.addNode(name, port, knownPeers);
    if (pooled > 0) await copyPool(0, pooled, network.path(name, 'transactions.json'));
    const node = network.launch(name, port);
    nodes.push(node);
    if (number === 1) await saidAtMs(node, LISTENING);
  }
  await Promise.all(nodes.map((node) => saidAtMs(node, LISTENING)));
  return nodes;
}

/** Gets a receipt that a node holds a transaction. A client that was silent for long was closed. */
async function confirm(
  { address }: NodeProcess,
  opened: Client | undefined,
  known: object,
): Promise<void> {
  const client = opened?.isOpen ? opened : await Client.open(address);
  client.send(known);
  const [receipt] = await client.received();
  client.socket.terminate();
  if (receipt?.status !== 'known') throw new Error(`a node says ${JSON.stringify(receipt)}`);
}

/** When the last of the files held each transaction. */
function latest(watches: readonly PoolWatch[]): number[] {
  const [first, ...others] = watches.map(({ timesMs }) => timesMs);
  return (first ?? []).map((timeMs, at) => {
    return Math.max(timeMs, ...others.map((timesMs) => timesMs[at] ?? Infinity));
  });
}
