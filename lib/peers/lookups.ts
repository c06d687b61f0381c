/**
 * Finds the IP addresses of names, each the way that the operating system does. That takes a thread
 * for as long as the name servers are silent, and Node.js does not end before its threads do: so the
 * lookups have a process of their own, which can be ended. The disk never waits for them, nor does
 * the end of the node.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../limits.js';

export type Found = readonly LookupAddress[];

/** What the process answers: what it has found, or the code of the failure. */
export interface Answer {
  readonly name: string;
  readonly found: Found;
  readonly code?: string;
}

/** `localhost` needs no lookup (RFC 6761, 6.3), which would take longer than to connect. */
const LOCALHOST: Found = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];
const PROCESS = fileURLToPath(new URL('lookup-process.js', import.meta.url));

/** Lookups that wait for each other, a few at a time, and for no others. */
export class Lookups {
  /** By name; whoever asks for one that is under way gets the same answer. */
  readonly #underWay = new Map<string, Promise<Found>>();
  /** How many more may be asked for at once. */
  #free: number = LIMITS.lookupsAtOnce;
  /** What begins the next ones. */
  readonly #waiting: (() => void)[] = [];
  /** What to do with the answers of the process. */
  readonly #asked = new Map<string, (answer: Answer) => void>();
  /** The oldest first. */
  readonly #remembered = new Map<string, { readonly found: Found; readonly untilMs: number }>();
  #process: ChildProcess | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  /**
   * Finds all addresses of a name.
   *
   * @throws an error with the code by which Node.js calls the failure, such as ENOTFOUND; ETIMEOUT
   *   when no name server answers in time
   */
  async find(name: string): Promise<Found> {
    if (name === 'localhost') return LOCALHOST;
    const remembered = this.#remembered.get(name);
    if (remembered !== undefined && performance.now() < remembered.untilMs) return remembered.found;
    const underWay = this.#underWay.get(name) ?? this.#lookUp(name);
    this.#underWay.set(name, underWay);
    return underWay;
  }

  async #lookUp(name: string): Promise<Found> {
    const sinceMs = performance.now();
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      // Whoever wanted it has given up when it has waited for so long.
      const isLate = performance.now() - sinceMs > LIMITS.lookupTimeoutMs;
      const answer = isLate ? unanswered(name, 'ETIMEOUT') : await this.#ask(name);
      const { found, code } = answer;
      if (code !== undefined) throw Object.assign(new Error(`${code} ${name}`), { code });
      this.#remember(answer);
      return found;
    } finally {
      this.#underWay.delete(name);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  async #ask(name: string): Promise<Answer> {
    clearTimeout(this.#endTimer);
    this.#process ??= this.#start();
    this.#process.send(name);
    const tooLate = setTimeout(() => this.#endProcess('ETIMEOUT'), LIMITS.lookupTimeoutMs);
    const answer = await new Promise<Answer>((resolve) => this.#asked.set(name, resolve));
    clearTimeout(tooLate);
    this.#asked.delete(name);
    if (this.#asked.size === 0) this.#endSoon();
    return answer;
  }

  #start(): ChildProcess {
    const started = fork(PROCESS, {
      execArgv: [],
      // Half of the threads may look up names.
      env: { ...process.env, UV_THREADPOOL_SIZE: String(2 * LIMITS.lookupsAtOnce) },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const hasEnded = () => {
      if (this.#process === started) this.#endProcess('EAI_FAIL');
    };
    started.on('error', hasEnded).on('exit', hasEnded);
    started.on('message', (answer: Answer) => this.#asked.get(answer.name)?.(answer));
    return started;
  }

  /** Ends the process, and with it all that it was asked for. */
  #endProcess(code: string): void {
    const ended = this.#process;
    this.#process = undefined;
    clearTimeout(this.#endTimer);
    ended?.kill('SIGKILL');
    for (const [name, answered] of this.#asked) answered(unanswered(name, code));
  }

  /** Names are looked up when connections are made: most of the time there are none. */
  #endSoon(): void {
    this.#endTimer = setTimeout(() => this.#endProcess('ECANCELLED'), LIMITS.lookupsIdleMs).unref();
  }

  #remember({ name, found }: Answer): void {
    this.#remembered.delete(name);
    this.#remembered.set(name, { found, untilMs: performance.now() + LIMITS.lookupKeptMs });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > LIMITS.lookupsKept) this.#remembered.delete(oldest as string);
  }
}

function unanswered(name: string, code: string): Answer {
  return { name, found: [], code };
}
