/** Processes that a test starts: any command, or a node in a folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import fs from 'fs-extra';
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
