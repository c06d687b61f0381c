/** Processes that a test starts: any command, or a node in a folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTINGS } from '../../lib/env.js';
import { isListening, until } from './helpers.js';

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

  constructor(
    args: string[],
    cwd: string,
    command = process.execPath,
    stdin: 'ignore' | 'pipe' = 'ignore',
  ) {
    this.process = spawn(command, args, {
      cwd,
      env: environment(),
      stdio: [stdin, 'pipe', 'pipe'],
    });
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

/**
 * The environment of a process that a test starts: NODE_TEST_CONTEXT would make it report itself as
 * a test, and settings would go before those in .env.
 */
export function environment(): NodeJS.ProcessEnv {
  const isWanted = (name: string) => name !== 'NODE_TEST_CONTEXT' && !(name in SETTINGS);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isWanted(name)));
}

/** The lines of a node as a terminal would show them. */
export function withoutTimes(lines: string): string {
  return lines.replace(/^\d{4}-\S+Z (?=\[)/gm, '');
}

/** Where a node listens, and what to call it in a failure. */
export interface Named {
  readonly name: string;
  readonly address: string;
}

/** A started node, as it is seen from outside. */
export abstract class RunningNode implements Named {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly folder: string;

  constructor(name: string, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.folder = folder;
  }

  abstract get isRunning(): boolean;
  /** What it has printed. */
  abstract get stdout(): string;
  abstract get stderr(): string;
  /** Ends it, as far as that can be done. */
  abstract close(): Promise<void>;

  get lines(): string[] {
    return this.stdout.split('\n');
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
    return readFile(join(this.folder, 'transactions.json'), 'utf8').catch(() => '');
  }
}

/** A node in a process of its own. */
export class NodeProcess extends RunningNode {
  readonly #program: Program;

  constructor(
    name: string,
    port: number,
    folder: string,
    program = new Program(['index.js'], folder),
  ) {
    super(name, port, folder);
    this.#program = program;
  }

  get process(): ChildProcess {
    return this.#program.process;
  }

  get isRunning(): boolean {
    return this.#program.isRunning;
  }

  get stdout(): string {
    return withoutTimes(this.#program.stdout);
  }

  get stderr(): string {
    return this.#program.stderr;
  }

  result(): Promise<Result> {
    return this.#program.result();
  }

  /** Sends a signal, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number | null> {
    return this.#program.end(signal);
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
  }
}
