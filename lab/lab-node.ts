/** One node of the lab: its program, where it answers, and which ways its connections go. */

import { type Door, doorOf } from '../lib/commands/node-door.js';
import type { NodeProgram } from '../lib/commands/node-program.js';
import { parseAddress } from '../lib/peers/addresses.js';
import type { Settings } from '../lib/settings.js';
import type { Detours } from './detour.js';
import type { NodeState } from './entries.js';

const DETOUR = new URL('./detour.js', import.meta.url).href;
/** What a node says when it answers, as text or as JSON. */
const LISTENING = /^(\S+Z )?\[\d+\] listening: |"event":"listening"/;

/** A node, and how to run it. */
export interface Runnable {
  readonly name: string;
  readonly settings: Settings;
  readonly program: NodeProgram;
}

interface Surroundings {
  /** Which connections of a node go by the gate; undefined if there is none. */
  detoursOf(node: LabNode): Detours | undefined;
  onState(node: LabNode): void;
}

/** Why the lab cannot stand between a node and the others; undefined if it can. */
export function whyNoGate({ name, settings: { tls, address } }: Runnable): string | undefined {
  if (tls !== undefined) return `${name} has TLS_CERT, and nobody can look into its connections`;
  const isHere = parseAddress(address)?.scope === 'loopback';
  return isHere ? undefined : `${name} has an ADDRESS that is not on this machine`;
}

export class LabNode {
  readonly name: string;
  readonly address: string;
  /** Where it answers requests. */
  readonly door: Door;
  /** Whether it takes a secret to be its peer. */
  readonly hasSecret: boolean;
  readonly #program: NodeProgram;
  readonly #around: Surroundings;
  #state: NodeState = 'stopped';

  constructor({ name, settings, program }: Runnable, around: Surroundings) {
    this.name = name;
    this.address = settings.address;
    this.door = doorOf(settings);
    this.hasSecret = settings.secret !== undefined;
    this.#program = program;
    this.#around = around;
    program.on('end', () => this.#setState('stopped'));
  }

  get state(): NodeState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Starts it, and waits until it answers, or is gone again. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#setState('starting');
    const program = this.#program;
    const detours = this.#around.detoursOf(this);
    await new Promise<void>((resolve) => {
      const onLine = (line: string) => {
        if (LISTENING.test(line)) onEither();
      };
      const onEither = () => {
        program.off('line', onLine).off('end', onEither);
        resolve();
      };
      program.on('line', onLine).on('end', onEither);
      program.start(detours && DETOUR);
      if (detours !== undefined) program.tell(detours);
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

  /** Has its connections go the ways that they are to go now. What is frozen does so once it goes on. */
  async takeDetours(): Promise<void> {
    const detours = this.#around.detoursOf(this);
    const isTaken = detours && this.#program.tell(detours);
    if (this.#state !== 'frozen') await isTaken;
  }

  #setState(state: NodeState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#around.onState(this);
  }
}
