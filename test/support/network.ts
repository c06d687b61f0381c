/**
 * A network in a temporary folder, made of copies of some node-1, and what a test needs to
 * look at it from outside: real processes, real sockets, real files.
 */

import { cpSync, readdirSync, rmSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { freePort, OUR_NODE, TEST_LIMIT_MS, until, within } from './helpers.js';
import { untilFullMesh } from './mesh.js';
import { copyNode } from './node-copy.js';
import { NodeProcess, Program, type Result, type RunningNode } from './program.js';
import { Switchboard } from './switchboard.js';
import { type Closable, TrapServer } from './trap-servers.js';

/** Starts the node in a folder. */
type Launch<N> = (name: string, port: number, folder: string) => N;

/** A temporary network: its folders, and everything started in it, which close() ends. */
export class Network<N extends RunningNode = NodeProcess> {
  /** Where its nodes are. */
  readonly root: string;
  readonly #temporary: string;
  readonly #things: Closable[] = [];
  readonly #launch: Launch<N>;
  #isOver = false;

  private constructor(temporary: string, root: string, launch: Launch<N>) {
    this.#temporary = temporary;
    this.root = root;
    this.#launch = launch;
  }

  /** Copies somebody's node-1, and the scripts beside it, to a new temporary folder. */
  static create(node1 = OUR_NODE): Promise<Network> {
    return Network.createWith((...of) => new NodeProcess(...of), node1);
  }

  /** The same, with another way to start its nodes. */
  static async createWith<N extends RunningNode>(
    launch: Launch<N>,
    node1 = OUR_NODE,
  ): Promise<Network<N>> {
    const { root, beside } = copyNode(node1);
    const network = new Network(root, beside, launch);
    for (const file of readdirSync(network.path('node-1'))) {
      if (/^(peers|blocks|swarm-key)\.json/.test(file)) rmSync(network.path('node-1', file));
    }
    await network.write('node-1/transactions.json', '[]\n');
    return network;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Lets every user of the machine into its folder, which is below some that only its owner may enter. */
  async open(): Promise<void> {
    for (let folder = this.root; ; folder = dirname(folder)) {
      await chmod(folder, 0o755);
      if (folder === this.#temporary) return;
    }
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(this.path(file), text);
  }

  read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8');
  }

  /** Makes a node folder, a copy of node-1 where it is another one, that knows these peers. */
  async addNode(name: string, port: number, knownPeers: string[]): Promise<void> {
    if (name !== 'node-1') {
      // What a running node writes comes and goes while it is copied.
      const isCode = (path: string) =>
        !/^(peers|transactions|blocks|swarm-key)\.json/.test(basename(path));
      cpSync(this.path('node-1'), this.path(name), { recursive: true, filter: isCode });
    }
    const env = await this.read(`${name}/.env`);
    await this.write(`${name}/.env`, env.replace(/^\s*PORT\s*=.*$/m, `PORT=${port}`));
    await this.write(`${name}/known-peers.json`, JSON.stringify(knownPeers));
    await this.write(`${name}/transactions.json`, '[]\n');
  }

  /** Starts the node in a folder without waiting for it. */
  launch(name: string, port: number): N {
    this.#goOn();
    return this.keep(this.#launch(name, port, this.path(name)));
  }

  /** Makes and starts a node on a free port. */
  async startNode(name = 'node-1', knownPeers: string[] = []): Promise<N> {
    const port = await freePort();
    await this.addNode(name, port, knownPeers);
    return this.launch(name, port).listening();
  }

  /** Makes and starts a node, and a trap that it is connected to. */
  async startNodeWithPeer(): Promise<{ node: N; peer: TrapServer }> {
    const peer = await this.trap();
    const node = await this.startNode('node-1', [peer.address]);
    await until('a connection', () => peer.openCallers.length > 0);
    return { node, peer };
  }

  /** Makes and starts as many nodes, that all know the first. */
  async startNodes(size: number): Promise<N[]> {
    const first = await this.startNode('node-1');
    const nodes = [first];
    for (let number = 2; number <= size; number++) {
      nodes.push(await this.startNode(`node-${number}`, [first.address]));
    }
    return nodes;
  }

  /** Makes and starts as many nodes, that all know the first, and waits until all are connected. */
  async startMesh(size: number): Promise<N[]> {
    const nodes = await this.startNodes(size);
    await untilFullMesh(nodes);
    return nodes;
  }

  /**
   * Makes and starts as many nodes, each with a switchboard between it and all the others, whom
   * it knows, and waits until all are connected.
   */
  async startBehindSwitchboard(size: number): Promise<{ nodes: N[]; switchboard: Switchboard }> {
    const ports: number[] = [];
    for (let node = 0; node < size; node++) ports.push(await freePort());
    const switchboard = this.keep(await Switchboard.open(ports));
    for (const [node, port] of ports.entries()) {
      const others = [...ports.keys()].filter((other) => other !== node);
      const knownPeers = others.map((other) => switchboard.addressFor(node, other));
      await this.addNode(`node-${node + 1}`, port, knownPeers);
    }
    const nodes = ports.map((port, node) => this.launch(`node-${node + 1}`, port));
    await until('all to be connected to all', () => switchboard.isWhole(), 30_000);
    return { nodes, switchboard };
  }

  /** Starts a node again that has ended. */
  restart(node: RunningNode): Promise<N> {
    return this.launch(node.name, node.port).listening();
  }

  /** Starts `node script` in a folder of the network. */
  start(args: string[], folder = '.', command?: string): Program {
    this.#goOn();
    return this.keep(new Program(args, this.path(folder), command));
  }

  /** Runs `node script` in a folder of the network to its end. */
  run(args: string[], folder = '.'): Promise<Result> {
    return this.start(args, folder).result();
  }

  /** Has close() end something too. */
  keep<T extends Closable>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  async trap(port?: number): Promise<TrapServer> {
    return this.keep(await TrapServer.open(port));
  }

  /** Ends what was started, and leaves the folders. A test that took too long may start no more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#things.map((thing) => thing.close()));
  }

  async close(): Promise<void> {
    await this.end();
    rmSync(this.#temporary, { recursive: true, force: true });
  }

  #goOn(): void {
    if (this.#isOver) throw new Error('the network is closed');
  }
}

/** A network, however its nodes are started. */
export type AnyNetwork = Network<RunningNode>;

/** Runs a test in a network of its own, and clears it away whatever happens. */
export async function withNetwork(check: (network: Network) => Promise<void>): Promise<void> {
  const network = await Network.create();
  try {
    await within(TEST_LIMIT_MS, check(network));
  } finally {
    await network.close();
  }
}
