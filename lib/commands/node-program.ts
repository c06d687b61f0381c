/** A node that another program runs: started, stopped, killed, frozen, and started again. */

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable } from 'node:stream';
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
  /** What waits for the answers of a module that was loaded into it, in their order. */
  #onAnswers: (() => void)[] = [];
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
   * @param module the URL of what to load into it first, which can be told something and answers
   */
  start(module?: string): void {
    if (this.#child !== undefined) return;
    this.#wasKilled = false;
    const load = module === undefined ? [] : ['--import', module];
    const child = spawn(process.execPath, [...load, 'index.js'], {
      cwd: this.#folder,
      // It ends with us, however we end.
      env: { ...process.env, ...this.#environment, RUNNER: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe', ...(module === undefined ? [] : ['ipc' as const])],
    }) as ChildProcessByStdio<null, Readable, Readable>;
    this.#child = child;
    this.emit('start');
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on(
        'data',
        wholeLines((line) => this.emit('line', line, stream)),
      );
    }
    child.on('message', () => this.#onAnswers.shift()?.());
    child.on('error', (error) => this.emit('line', `${error.message}\n`, 'stderr'));
    child.on('close', (code, signal) => {
      this.#child = undefined;
      this.#isFrozen = false;
      for (const onAnswer of this.#onAnswers.splice(0)) onAnswer();
      this.emit('end', code ?? String(signal), this.#wasKilled);
    });
  }

  /** Tells the module that was loaded into it something; resolves once that has answered, or is gone. */
  tell(message: object): Promise<void> {
    const child = this.#child;
    if (child?.connected !== true) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAnswers.push(resolve);
      // A program that is ending takes no more; then its end is the answer.
      child.send(message, () => {});
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
