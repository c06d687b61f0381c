/**
 * A fleet of NATS servers with JetStream: one stream, a replica of it in the files of each server.
 * A transaction has arrived when each server says that its replica has it, and the leader that all
 * are current. The leader acknowledges when most replicas have it in their log.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fs from 'fs-extra';
import { until } from '../test/support/helpers.js';
import { type Arrival, type Expected, type Fleet, goWithUs, LINGER_MS, signal } from './fleet.js';
import { nowMs } from './machine.js';
import {
  addressOf,
  areFollowersCurrent,
  ask,
  choosePlaces,
  configurationOf,
  findServer,
  heldBy,
  isReady,
  leaderIn,
  type Place,
} from './nats-servers.js';

const PROGRAM = fileURLToPath(new URL('peers/nats.js', import.meta.url));
const SIZE = 3;
const READY_MS = 60_000;
/** Each look costs a server some 0.3 ms. */
const POLL_MS = 20;

export class NatsFleet implements Fleet {
  readonly #folder: string;
  readonly #places: readonly Place[];
  readonly #servers: readonly ChildProcess[];
  /** Cancels what goWithUs set up. */
  readonly #release: () => void;
  #leader: Place;
  #expected = 0;

  private constructor(folder: string, places: readonly Place[], servers: readonly ChildProcess[]) {
    this.#folder = folder;
    this.#places = places;
    this.#servers = servers;
    this.#leader = places[0] as Place;
    this.#release = goWithUs(folder, this.pids);
  }

  /** Why it cannot be measured on this machine, if so. */
  static whyMissing(): string | undefined {
    return findServer() === undefined ? 'nats-server is not installed' : undefined;
  }

  /** Starts three servers, and makes the stream. */
  static async open(): Promise<NatsFleet> {
    const folder = await fs.mkdtemp(join(tmpdir(), 'nats-'));
    const places = await choosePlaces(SIZE);
    for (const place of places) {
      await fs.writeFile(fileOf(folder, place), configurationOf(place, places, folder));
    }
    const servers = places.map((place) => {
      return spawn(findServer() as string, ['-c', fileOf(folder, place)], { stdio: 'ignore' });
    });
    const fleet = new NatsFleet(folder, places, servers);
    try {
      for (const place of places) await until(`${place.name}`, () => isReady(place), READY_MS);
      const [code] = await once(fork(PROGRAM, [fleet.door]), 'exit');
      if (code !== 0) throw new Error('the stream was not made');
      await fleet.resume();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** At the leader, where it takes the shortest way. */
  get door(): string {
    return addressOf(this.#leader);
  }

  get pids(): readonly number[] {
    return this.#servers.map(({ pid }) => pid as number);
  }

  async expect({ from, count }: Expected): Promise<{ arrival: Promise<Arrival> }> {
    this.#expected = from + count;
    return { arrival: this.#arrive() };
  }

  async check(): Promise<void> {
    await sleep(LINGER_MS);
    for (const place of this.#places) {
      const held = heldBy(await ask(place));
      if (held !== this.#expected) {
        throw new Error(`${place.name} holds ${held} messages instead of ${this.#expected}`);
      }
    }
  }

  /** Nothing: idle servers only tell each other once a second that they live; else they would vote. */
  pause(): void {}

  async resume(): Promise<void> {
    await until('all replicas to be current', () => this.#isCurrent(), READY_MS);
  }

  async close(): Promise<void> {
    const ended = this.#servers.map((server) => once(server, 'exit'));
    signal(this.pids, 'SIGKILL');
    await Promise.all(ended);
    await fs.remove(this.#folder);
    this.#release();
  }

  /** One after the other is asked, so that to ask takes little from what is measured. */
  async #arrive(): Promise<Arrival> {
    for (const place of this.#places) {
      while (heldBy(await ask(place)) < this.#expected) await sleep(POLL_MS);
    }
    while (!(await this.#isCurrent())) await sleep(POLL_MS);
    return { completeMs: nowMs(), timesMs: [] };
  }

  async #isCurrent(): Promise<boolean> {
    const name = leaderIn(await ask(this.#leader));
    const leader = this.#places.find((place) => place.name === name);
    if (leader === undefined) return false;
    this.#leader = leader;
    return areFollowersCurrent(await ask(leader), SIZE);
  }
}

function fileOf(folder: string, { name }: Place): string {
  return join(folder, `${name}.conf`);
}
