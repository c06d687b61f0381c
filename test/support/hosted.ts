/**
 * Nodes that share one process, where a test needs none that it can end or measure: most of the time
 * that a short test takes is Node.js starting. They have the real index.js, real sockets and real
 * files, and run until all tests of a file are done.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TEST_LIMIT_MS, within } from './helpers.js';
import { Network } from './network.js';
import { environment, NodeProcess, RunningNode, withoutTimes } from './program.js';

/** The process, and the lines that each of its nodes has printed. */
class Host {
  readonly #process: ChildProcess;
  readonly #linesOf = new Map<number, string[]>();
  stderr = '';

  constructor() {
    this.#process = fork(fileURLToPath(new URL('host.js', import.meta.url)), {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const [stdout, stderr] = [this.#process.stdout as Socket, this.#process.stderr as Socket];
    createInterface(stdout).on('line', (timedLine) => {
      const line = withoutTimes(timedLine);
      const port = Number(/^\[(\d+)\]/.exec(line)?.[1]);
      const lines = this.#linesOf.get(port);
      if (lines === undefined) this.#linesOf.set(port, [line]);
      else lines.push(line);
    });
    stderr.on('data', (data) => {
      this.stderr += data;
    });
    // It ends with this process, which is not to wait for it.
    for (const each of [this.#process, this.#process.channel, stdout, stderr]) each?.unref();
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  start(folder: string): void {
    this.#process.send(folder);
  }

  /** Ends all that others have opened to a node: what a test has left open would keep it waiting. */
  hangUp(port: number): void {
    if (this.isRunning) this.#process.send(port);
  }

  linesOf(port: number): readonly string[] {
    return this.#linesOf.get(port) ?? [];
  }
}

/** A node in a process that it shares with others. */
export class HostedNode extends RunningNode {
  readonly #host: Host;

  constructor(host: Host, name: string, port: number, folder: string) {
    super(name, port, folder);
    this.#host = host;
    host.start(folder);
  }

  get isRunning(): boolean {
    return this.#host.isRunning;
  }

  get stdout(): string {
    return this.#host
      .linesOf(this.port)
      .map((line) => `${line}\n`)
      .join('');
  }

  /** Of all nodes in the process. */
  get stderr(): string {
    return this.#host.stderr;
  }

  /** It ends with its process. */
  async close(): Promise<void> {
    this.#host.hangUp(this.port);
  }
}

let host: Host | undefined;
// Before their folders are removed, which they write to.
process.prependListener('exit', () => host?.kill());

/** Runs a test in a network of its own, whose nodes share a process. */
export function withHostedNodes(
  check: (network: Network<HostedNode>) => Promise<void>,
): Promise<void> {
  return withNodes(launchHosted, check);
}

/** The same, but for node-1, which has a process of its own. */
export function withHostedBesideOne(
  check: (network: Network<RunningNode>) => Promise<void>,
): Promise<void> {
  return withNodes(
    (name, ...of) => (name === 'node-1' ? new NodeProcess(name, ...of) : launchHosted(name, ...of)),
    check,
  );
}

function launchHosted(name: string, port: number, folder: string): HostedNode {
  if (!host?.isRunning) host = new Host();
  return new HostedNode(host, name, port, folder);
}

async function withNodes<N extends RunningNode>(
  launch: (name: string, port: number, folder: string) => N,
  check: (network: Network<N>) => Promise<void>,
): Promise<void> {
  const network = await Network.createWith(launch);
  try {
    await within(TEST_LIMIT_MS, check(network));
  } finally {
    await network.end();
  }
}
