/**
 * A network in a temporary folder, made of copies of some node-1, and what a test needs to
 * look at it from outside: real processes, real sockets, real files.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import fs from 'fs-extra';
import {
  freePort,
  isListening,
  OUR_NODE,
  PROJECT,
  say,
  TEST_LIMIT_MS,
  until,
  within,
} from './helpers.js';
import { Switchboard } from './switchboard.js';
import { type Closable, TrapServer } from './trap-servers.js';

/** What a finished command said. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of ours, and the lines it has printed. */
export class Program {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #exit: Promise<number | null>;

  constructor(args: string[], cwd: string, command = process.execPath) {
    // NODE_TEST_CONTEXT would make a child report itself as a test; LOG would change its lines.
    const { NODE_TEST_CONTEXT: _, LOG: __, ...env } = process.env;
    this.process = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.on('data', (data) => {
      this.stdout += data;
    });
    this.process.stderr?.on('data', (data) => {
      this.stderr += data;
    });
    this.#exit = new Promise((done) => this.process.once('close', done));
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  get lines(): string[] {
    return this.stdout.split('\n');
  }

  /** Sends a signal, to this process alone, and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.isRunning) this.process.kill(signal);
    return this.#exit;
  }

  /** Ends it the polite way, for it may have processes of its own; the hard way if need be. */
  async close(): Promise<void> {
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.end('SIGTERM');
    clearTimeout(impatience);
  }

  async result(): Promise<Result> {
    return { code: await this.#exit, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Where a node listens, and what to call it in a failure. */
export interface Named {
  readonly name: string;
  readonly address: string;
}

/** A started node. */
export class RunningNode extends Program implements Named {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly folder: string;

  constructor(name: string, port: number, folder: string) {
    super(['index.js'], folder);
    this.name = name;
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.folder = folder;
  }

  override async close(): Promise<void> {
    await this.end('SIGKILL');
  }

  async listening(): Promise<this> {
    await until(
      () => `${this.name} to listen on ${this.port}; it said: ${this.stdout}${this.stderr}`,
      () => !this.isRunning || isListening(this.port),
    );
    if (!this.isRunning) throw new Error(`${this.name} ended: ${this.stdout}${this.stderr}`);
    return this;
  }

  /** The transactions in the node's file; none while there is no file. */
  async pool(): Promise<Record<string, unknown>[]> {
    try {
      return JSON.parse(await this.poolText());
    } catch {
      // Somebody's node that rewrites its file in place may be caught half-way.
      return [];
    }
  }

  async poolText(): Promise<string> {
    return fs.readFile(join(this.folder, 'transactions.json'), 'utf8').catch(() => '');
  }
}

/** A temporary network: its folders, and everything started in it, which close() ends. */
export class Network {
  readonly root: string;
  readonly #things: Closable[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  /**
   * Copies somebody's node-1, and the scripts and package.json beside it, to a new temporary
   * folder. The packages, and lib/, are used from where they are.
   */
  static async create(node1 = OUR_NODE): Promise<Network> {
    const network = new Network(await fs.mkdtemp(join(tmpdir(), 'p2p-')));
    const beside = dirname(resolve(node1));
    for (const file of await fs.readdir(beside)) {
      if (/\.c?js$|^package\.json$/.test(file))
        await fs.copy(join(beside, file), join(network.root, file));
    }
    await fs.copy(node1, join(network.root, 'node-1'), {
      filter: (path) => !/[\\/]((peers|blocks)\.json.*|node_modules)$/.test(path),
    });
    await network.write('node-1/transactions.json', '[]\n');
    const lib = join(beside, 'lib');
    if (await fs.pathExists(lib)) await fs.symlink(lib, join(network.root, 'lib'), 'junction');
    await fs.symlink(findPackages(resolve(node1)), join(network.root, 'node_modules'), 'junction');
    return network;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  write(file: string, text: string): Promise<void> {
    return fs.writeFile(this.path(file), text);
  }

  read(file: string): Promise<string> {
    return fs.readFile(this.path(file), 'utf8');
  }

  /** Makes a node folder, a copy of node-1 where it is another one, that knows these peers. */
  async addNode(name: string, port: number, knownPeers: string[]): Promise<void> {
    if (name !== 'node-1') {
      // What a running node writes comes and goes while it is copied.
      const isCode = (path: string) => !/^(peers|transactions|blocks)\.json/.test(basename(path));
      await fs.copy(this.path('node-1'), this.path(name), { filter: isCode });
    }
    const env = await this.read(`${name}/.env`);
    await this.write(`${name}/.env`, env.replace(/^\s*PORT\s*=.*$/m, `PORT=${port}`));
    await this.write(`${name}/known-peers.json`, JSON.stringify(knownPeers));
    await this.write(`${name}/transactions.json`, '[]\n');
  }

  /** Starts the node in a folder without waiting for it. */
  launch(name: string, port: number): RunningNode {
    return this.keep(new RunningNode(name, port, this.path(name)));
  }

  /** Makes and starts a node on a free port. */
  async startNode(name = 'node-1', knownPeers: string[] = []): Promise<RunningNode> {
    const port = await freePort();
    await this.addNode(name, port, knownPeers);
    return this.launch(name, port).listening();
  }

  /** Makes and starts a node, and a trap that it is connected to. */
  async startNodeWithPeer(): Promise<{ node: RunningNode; peer: TrapServer }> {
    const peer = await this.trap();
    const node = await this.startNode('node-1', [peer.address]);
    await until('a connection', () => peer.openCallers.length > 0);
    return { node, peer };
  }

  /** Makes and starts as many nodes, that all know the first. */
  async startNodes(size: number): Promise<RunningNode[]> {
    const first = await this.startNode('node-1');
    const nodes = [first];
    for (let number = 2; number <= size; number++) {
      nodes.push(await this.startNode(`node-${number}`, [first.address]));
    }
    return nodes;
  }

  /** Makes and starts as many nodes, that all know the first, and waits until all are connected. */
  async startMesh(size: number): Promise<RunningNode[]> {
    const nodes = await this.startNodes(size);
    await untilFullMesh(nodes);
    return nodes;
  }

  /**
   * Makes and starts as many nodes, each with a switchboard between it and all the others, whom
   * it knows, and waits until all are connected.
   */
  async startBehindSwitchboard(
    size: number,
  ): Promise<{ nodes: RunningNode[]; switchboard: Switchboard }> {
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
  restart(node: RunningNode): Promise<RunningNode> {
    return this.launch(node.name, node.port).listening();
  }

  /** Starts `node script` in a folder of the network. */
  start(args: string[], folder = '.', command?: string): Program {
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

  async close(): Promise<void> {
    await Promise.all(this.#things.map((thing) => thing.close()));
    await fs.remove(this.root);
  }
}

/**
 * Asks a node, as a stranger would, which addresses it is connected to: gives it the address
 * of a new trap, and reads the HANDSHAKE that comes with its call.
 */
export async function connectedAddressesOf(node: Named): Promise<string[]> {
  const trap = await TrapServer.open();
  try {
    await say(node.address, { type: 'HANDSHAKE', data: [trap.address] });
    await until(`${node.name} to send a HANDSHAKE`, () => trap.received('HANDSHAKE').length > 0);
    const data = trap.received('HANDSHAKE')[0] as string[];
    return data.slice(1).filter((address) => address !== trap.address);
  } finally {
    await trap.close();
  }
}

/** Waits until each node says that it is connected to all the others, and to none of them twice. */
export async function untilFullMesh(nodes: Named[]): Promise<void> {
  for (const node of nodes) {
    const others = nodes.map(({ address }) => address).filter((other) => other !== node.address);
    let connected: string[] = [];
    await until(
      () => `${node.name} to be connected to ${others}; it is to ${connected}`,
      async () => {
        connected = await connectedAddressesOf(node);
        return others.every(
          (other) => connected.filter((address) => address === other).length === 1,
        );
      },
    );
  }
}

/** Waits until each of these nodes has exactly these transactions, none twice, by their hash. */
export async function untilPoolsHold(
  nodes: RunningNode[],
  hashes: string[],
  deadlineMs?: number,
): Promise<void> {
  const expected = [...hashes].sort().join();
  await Promise.all(
    nodes.map(async (node) => {
      let found: string[] = [];
      await until(
        () => `${node.name} to have ${hashes.length} transactions; it has ${found.length}`,
        async () => {
          found = (await node.pool()).map((transaction) => String(transaction.hash));
          return found.length >= hashes.length;
        },
        deadlineMs,
      );
      if (found.sort().join() !== expected) {
        throw new Error(`${node.name} has other transactions than it was sent: ${found.length}`);
      }
    }),
  );
}

/** Where the packages of a project are: the nearest node_modules above it, or our own. */
function findPackages(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (fs.existsSync(join(at, 'node_modules'))) return join(at, 'node_modules');
  }
  return join(PROJECT, 'node_modules');
}

/** Runs a test in a network of its own, and clears it away whatever happens. */
export async function withNetwork(check: (network: Network) => Promise<void>): Promise<void> {
  const network = await Network.create();
  try {
    await within(TEST_LIMIT_MS, check(network));
  } finally {
    await network.close();
  }
}
