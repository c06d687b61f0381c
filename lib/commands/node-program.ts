/** A node that another program runs: started, stopped, killed, frozen, and started again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Env } from '../env.js';
import { wholeLines } from './node-lines.js';

/** How long a node may take to leave. It gives up by itself before. */
const LEAVE_TIMEOUT_MS = 15_000;

interface Events {
  /** A whole line, with its end. */
  line: [text: string, stream: 'stdout' | 'stderr'];
  start: [];
  /** It is gone: its exit code, or the signal that ended it; and whether we have killed it. */
  end: [outcome: number | string, wasKilled: boolean];
}

/** The program in a node folder. */
export class NodeProgram extends EventEmitter<Events> {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  readonly #environment: Env;
  #isFrozen = false;
  #wasKilled = false;

  /**
   * @param folder the node folder
   * @param environment added to ours; undefined takes a variable away
   */
  constructor(folder: string, environment: Env) {
    super();
    this.#folder = folder;
    this.#environment = environment;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /**
   * Starts it, unless it runs.
   *
   * @param environment added to what it always has
   */
  start(environment: Env): void {
    if (this.#child !== undefined) return;
    this.#wasKilled = false;
    const child = spawn(process.execPath, ['index.js'], {
      cwd: this.#folder,
      // It ends with us, however we end.
      env: { ...process.env, ...this.#environment, ...environment, RUNNER: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.emit('start');
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on(
        'data',
        wholeLines((line) => this.emit('line', line, stream)),
      );
    }
    child.on('error', (error) => this.emit('line', `${error.message}\n`, 'stderr'));
    child.on('close', (code, signal) => {
      this.#child = undefined;
      this.#isFrozen = false;
      this.emit('end', code ?? String(signal), this.#wasKilled);
    });
  }

  /** Asks it to leave, as Ctrl-C does, and waits until it is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it at once, with all that is not on disk. */
  async kill(): Promise<void> {
    this.#wasKilled = true;
    await this.#end('SIGKILL');
  }

  /** Lets it do nothing until it is thawed. Windows has no such thing. */
  freeze(): void {
    this.#isFrozen = this.#child?.kill('SIGSTOP') === true;
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
    this.#isFrozen = false;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, 'close');
    const patience = setTimeout(() => child.kill('SIGKILL'), LEAVE_TIMEOUT_MS);
    child.kill(signal);
    // What is frozen cannot leave.
    if (this.#isFrozen) this.thaw();
    await closed;
    clearTimeout(patience);
  }
}
