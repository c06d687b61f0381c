/** A node under judgement: its process, its folder, and what can be seen of it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fs from 'fs-extra';
import { isListening } from '../support/helpers.js';

const WATCH = fileURLToPath(new URL('dial-watch.cjs', import.meta.url));
/** How much of what it prints is kept, and how much of that is shown. */
const KEPT_CHARACTERS = 8192;
const SHOWN_LINES = 12;
const LINE_CHARACTERS = 200;
/** A line of a stack trace that is within Node.js. */
const WITHIN = /^\s+at .*\(?node:/;

export class JudgedNode {
  readonly port: number;
  readonly address: string;
  readonly folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** How many connections to each port are open. */
  readonly #connections = new Map<number, number>();
  /** Every port that it has ever connected to. */
  readonly dialled = new Set<number>();
  #printed = '';

  constructor(folder: string, port: number) {
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.folder = folder;
    // A PORT in the terminal must not pass for the one in .env.
    const { PORT: _, NODE_TEST_CONTEXT: __, NODE_OPTIONS: ___, ...env } = process.env;
    this.#process = spawn(process.execPath, ['--require', WATCH, 'index.js'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((done) => this.#process.once('close', done));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed = (this.#printed + text).slice(-KEPT_CHARACTERS);
      });
    }
    this.#followDials();
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Whether it has an open connection, which it opened, to a port. */
  isConnectedTo(port: number): boolean {
    return (this.#connections.get(port) ?? 0) > 0;
  }

  isListening(): Promise<boolean> {
    return isListening(this.port);
  }

  /** The last lines that it printed. */
  get lastLines(): string[] {
    const lines = this.#printed
      .split('\n')
      .filter((line) => line.trim() !== '' && !WITHIN.test(line));
    return lines.slice(-SHOWN_LINES).map((line) => line.slice(0, LINE_CHARACTERS));
  }

  /** The text of its transactions.json; empty while there is none. */
  poolText(): Promise<string> {
    return fs.readFile(join(this.folder, 'transactions.json'), 'utf8').catch(() => '');
  }

  /** Ends the process, and resolves when all that it printed has been read. */
  async end(): Promise<void> {
    if (this.isRunning) this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #followDials(): void {
    let rest = '';
    this.#process.stdio[3]?.on('data', (data: Buffer) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const port = Number(line.slice(1));
        const more = line.startsWith('+') ? 1 : -1;
        this.#connections.set(port, (this.#connections.get(port) ?? 0) + more);
        this.dialled.add(port);
      }
    });
  }
}
