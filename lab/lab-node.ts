/** One node of the lab: its program, the door before it, and what watches it. */

import { createServer } from 'node:net';
import { type Door, doorOf } from '../lib/commands/node-door.js';
import type { NodeProgram } from '../lib/commands/node-program.js';
import { type Address, isLoopback, parseAddress } from '../lib/peers/addresses.js';
import type { Settings } from '../lib/settings.js';
import type { NodeState } from './entries.js';
import { Gate } from './gate.js';
import type { Links } from './links.js';

/** A node whose door is at port 4001 itself listens at 14001, or the next multiple that is free. */
const PORT_STEP = 10_000;
const HIGHEST_PORT = 65_535;
/** What a node says when it answers, as text or as JSON. */
const LISTENING = /^(\S+Z )?\[\d+\] listening: |"event":"listening"/;

/** A node, and how to run it. */
export interface Runnable {
  readonly name: string;
  readonly settings: Settings;
  readonly program: NodeProgram;
}

interface Surroundings {
  /** Undefined if nothing is to stand between the nodes. */
  readonly links: Links | undefined;
  addressOf(address: Address): string | undefined;
  onState(node: LabNode): void;
  onLost(from: string, to: string, bytes: number): void;
}

/** Why nothing can stand between a node and the others; undefined if something can. */
export function whyNoDoor({ name, settings: { hosts, tls, address } }: Runnable) {
  if (tls !== undefined) return `${name} has TLS_CERT, and nobody can look into its connections`;
  if (!hosts.every(isLoopback)) return `${name} has a HOST that others can reach`;
  const isHere = parseAddress(address)?.scope === 'loopback';
  return isHere ? undefined : `${name} has an ADDRESS that is not on this machine`;
}

export class LabNode {
  readonly name: string;
  readonly address: string;
  readonly #settings: Settings;
  readonly #program: NodeProgram;
  readonly #around: Surroundings;
  #state: NodeState = 'stopped';
  #gate: Gate | undefined;
  /** Where the program itself listens. */
  #port: number;

  constructor({ name, settings, program }: Runnable, around: Surroundings) {
    this.name = name;
    this.address = settings.address;
    this.#settings = settings;
    this.#program = program;
    this.#around = around;
    this.#port = settings.port;
    program.on('end', () => {
      this.#gate?.close();
      this.#gate = undefined;
      this.#setState('stopped');
    });
  }

  get state(): NodeState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Where it answers requests, past the door of the lab. */
  get door(): Door {
    return doorOf(this.#settings, this.#port);
  }

  /** Starts it, and waits until it answers, or is gone again. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#setState('starting');
    const environment = await this.#openDoor();
    const program = this.#program;
    await new Promise<void>((resolve) => {
      const onLine = (line: string) => {
        if (LISTENING.test(line)) onEither();
      };
      const onEither = () => {
        program.off('line', onLine).off('end', onEither);
        resolve();
      };
      program.on('line', onLine).on('end', onEither);
      program.start(environment);
    });
    if (program.isRunning) this.#setState('running');
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }

  freeze(): void {
    this.#program.freeze();
    this.#setState('frozen');
  }

  thaw(): void {
    this.#program.thaw();
    this.#setState('running');
  }

  /** Opens a door of ours before it, where one can be. @returns the settings that it then needs */
  async #openDoor(): Promise<Record<string, string>> {
    const { address, hosts, port } = this.#settings;
    const { links, addressOf, onLost } = this.#around;
    this.#port = port;
    const hiddenPort = links && (await findHiddenPort(port, hosts));
    if (links === undefined || hiddenPort === undefined) return {};
    const gate = new Gate({ address, hosts, port, hiddenPort }, links, addressOf, { onLost });
    // If somebody else listens there, the node says so, and ends.
    if (!(await gate.open())) return {};
    this.#gate = gate;
    this.#port = hiddenPort;
    return { PORT: String(hiddenPort), ADDRESS: address };
  }

  #setState(state: NodeState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#around.onState(this);
  }
}

/** A port that is free; undefined if none of those in question is. */
async function findHiddenPort(port: number, hosts: readonly string[]): Promise<number | undefined> {
  for (let step = 1; step * PORT_STEP <= HIGHEST_PORT; step++) {
    const hidden = ((port + step * PORT_STEP - 1) % HIGHEST_PORT) + 1;
    const areFree = await Promise.all(hosts.map((host) => isFree(hidden, host)));
    if (areFree.every(Boolean)) return hidden;
  }
  return undefined;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has nothing there that could be in the way.
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
