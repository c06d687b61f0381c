/** A fleet of peers that are not our nodes. Each is a process that takes orders. */

import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fs from 'fs-extra';
import { within } from '../test/support/helpers.js';
import {
  type Arrival,
  type Expected,
  type Fleet,
  goWithUs,
  LINGER_MS,
  SETTLE_MS,
  signal,
} from './fleet.js';
import type { Order, Report } from './peers/control.js';

/** A system to compare with. */
export interface Kind {
  /** The module in peers/. */
  readonly program: string;
  readonly argument?: string;
  /** The places of the others that the peer at a place dials, in a fleet of `size`. */
  dials(place: number, size: number): number[];
  /** Number of others that a peer is then connected to, whoever has dialled. */
  degree(size: number): number;
}

type Answer<T extends Report['type']> = Extract<Report, { type: T }>;

const READY_MS = 120_000;

export class PeerFleet implements Fleet {
  readonly door: string;
  readonly #folder: string;
  readonly #peers: readonly ChildProcess[];
  /** Cancels what goWithUs set up. */
  readonly #release: () => void;
  #expected = 0;

  private constructor(door: string, folder: string, peers: readonly ChildProcess[]) {
    this.door = door;
    this.#folder = folder;
    this.#peers = peers;
    this.#release = goWithUs(folder, this.pids);
  }

  /** Starts `size` peers of a kind, and connects them. */
  static async open(kind: Kind, size: number): Promise<PeerFleet> {
    const folder = await fs.mkdtemp(join(tmpdir(), 'peers-'));
    const program = fileURLToPath(new URL(`peers/${kind.program}.js`, import.meta.url));
    const peers: ChildProcess[] = [];
    for (let place = 0; place < size; place++) {
      const file = join(folder, `${place}.json`);
      peers.push(fork(program, [kind.argument ?? file]));
    }
    try {
      const listening = await within(
        READY_MS,
        Promise.all(peers.map((peer) => answer(peer, 'listening'))),
      );
      const settled = Promise.all(peers.map((peer) => answer(peer, 'settled')));
      for (const [place, peer] of peers.entries()) {
        const addresses = kind.dials(place, size).map((other) => listening[other]?.address ?? '');
        tell(peer, { type: 'dial', addresses, neighbours: kind.degree(size) });
      }
      await within(READY_MS, settled);
      return new PeerFleet(listening[0]?.door ?? '', folder, peers);
    } catch (error) {
      for (const peer of peers) peer.kill('SIGKILL');
      await fs.remove(folder);
      throw error;
    }
  }

  get pids(): readonly number[] {
    return this.#peers.map(({ pid }) => pid as number);
  }

  async expect(expected: Expected): Promise<{ arrival: Promise<Arrival> }> {
    this.#expected = expected.count;
    const complete = Promise.all(this.#peers.map((peer) => answer(peer, 'complete')));
    await this.#ask({ type: 'expect', ...expected }, 'expecting');
    return { arrival: complete.then(latest) };
  }

  async check(): Promise<void> {
    await sleep(LINGER_MS);
    for (const { count } of await this.#ask({ type: 'count' }, 'counted')) {
      if (count !== this.#expected) {
        throw new Error(`a peer has ${count} transactions instead of ${this.#expected}`);
      }
    }
  }

  pause(): void {
    signal(this.pids, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    signal(this.pids, 'SIGCONT');
    await this.#ask({ type: 'count' }, 'counted');
    await sleep(SETTLE_MS);
  }

  async close(): Promise<void> {
    signal(this.pids, 'SIGKILL');
    await fs.remove(this.#folder);
    this.#release();
  }

  /** Sends all peers the same order, and returns their answers. */
  #ask<T extends Report['type']>(order: Order, type: T): Promise<Answer<T>[]> {
    const answers = Promise.all(this.#peers.map((peer) => answer(peer, type)));
    for (const peer of this.#peers) tell(peer, order);
    return within(READY_MS, answers);
  }
}

function tell(peer: ChildProcess, order: Order): void {
  peer.send(order);
}

/** The next report of a type. */
function answer<T extends Report['type']>(peer: ChildProcess, type: T): Promise<Answer<T>> {
  return new Promise((done, fail) => {
    const stop = () => {
      peer.off('message', onMessage);
      peer.off('exit', onExit);
    };
    const onMessage = (report: Report) => {
      if (report.type !== type) return;
      stop();
      done(report as Answer<T>);
    };
    const onExit = () => {
      stop();
      fail(new Error('a peer has ended'));
    };
    peer.on('message', onMessage);
    peer.once('exit', onExit);
  });
}

/** When the last of the peers had each transaction. */
function latest(completions: readonly Answer<'complete'>[]): Arrival {
  const [first = { timesMs: [] }, ...others] = completions;
  const timesMs = first.timesMs.map((timeMs, at) => {
    return Math.max(timeMs, ...others.map((other) => other.timesMs[at] ?? Infinity));
  });
  return { completeMs: Math.max(...completions.map(({ atMs }) => atMs)), timesMs };
}
