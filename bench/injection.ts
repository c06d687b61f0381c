/** The harness's end of an injector: one per run, connected and ready before the run begins. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Injected } from './injector.js';

const INJECTOR = fileURLToPath(new URL('injector.js', import.meta.url));
const NATS_INJECTOR = fileURLToPath(new URL('peers/nats.js', import.meta.url));

/** What is handed to a node in one run. */
export interface Load {
  /** The number of the first transaction, not used before. */
  readonly from: number;
  readonly count: number;
  /** How many per second; undefined for full speed. */
  readonly perSecond?: number;
}

export class Injection {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts an injector; resolves when it is connected to a node and has made its transactions. */
  static async prepare(door: string, { from, count, perSecond }: Load): Promise<Injection> {
    const pace = perSecond === undefined ? [] : [String(perSecond)];
    const injector = door.startsWith('nats:') ? NATS_INJECTOR : INJECTOR;
    const injection = new Injection(fork(injector, [door, String(from), String(count), ...pace]));
    await injection.#answer();
    return injection;
  }

  /** Hands them all in, and returns when. */
  async run(): Promise<Injected> {
    this.#process.send('go');
    return (await this.#answer()) as Injected;
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }

  async #answer(): Promise<unknown> {
    const ended = once(this.#process, 'exit').then(() => {
      throw new Error('the injector has ended');
    });
    const [answer] = await Promise.race([once(this.#process, 'message'), ended]);
    return answer;
  }
}
