/**
 * Keeps our pool and those of our peers the same, whatever was lost on the way (anti-entropy):
 * when to compare and with whom, one walk at a time, so that nothing is fetched twice; and the
 * answers to the walks of others.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Answers } from './answers.js';
import { LIMITS } from './config.js';
import { type Connection, nameOf, type Peer, send } from './connection.js';
import type { Key } from './key-set.js';
import { count, type Log } from './log.js';
import type { KeyPage } from './merkle-tree.js';
import { type MeshType, meshFrame } from './mesh-messages.js';
import type { Data } from './messages.js';
import type { Meter } from './meter.js';
import { PeerError } from './peer-error.js';
import { Questions } from './questions.js';
import { type Answer, type Request, Walk } from './reconcile.js';
import type { Routes } from './routes.js';
import type { Transaction } from './transaction.js';
import { manyFrame } from './transaction-messages.js';
import { getTransactions, savedTransactions, tree } from './transactions.js';

/** What only the node itself can tell, or do. */
export interface Host {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly routes: Routes;
  readonly answers: Answers;
  readonly meter: Meter;
  readonly log: Log;
  /** Tells whether we have a transaction, in the pool or in the chain. */
  isKnown(key: Key): boolean;
  /** Takes in transactions that came over a connection; false when there is no room for them. */
  take(transactions: readonly Transaction[], from: Connection): boolean;
  /** Sends a HANDSHAKE. */
  greet(peer: Peer): void;
}

/** A walk that is under way, or waits for its turn. */
interface Job {
  readonly connection: Connection;
  readonly kind: 'compare' | 'fetch';
  readonly steps: Generator<Request, Key[], Answer>;
  /** The request to put next, or what came out in the end; undefined at the beginning. */
  step?: IteratorResult<Request, Key[]>;
  /** The answer to the request that is under way. */
  asked?: Promise<Answer> | undefined;
  /** How many transactions it has brought. */
  taken: number;
}

type Handlers = {
  [T in MeshType | 'TRANSACTIONS']: (data: Data<T>, from: Connection) => void;
};

export class Reconciler {
  /** What to do with each message about the pools. */
  readonly handlers: Handlers = {
    GET_NODES: (data, from) => this.#answer({ type: 'GET_NODES', data }, from),
    GET_KEYS: (data, from) => this.#answer({ type: 'GET_KEYS', data }, from),
    GET_TRANSACTIONS: (data, from) => this.#answer({ type: 'GET_TRANSACTIONS', data }, from),
    NODES: (data, from) => this.#questions.answered(from, { type: 'NODES', data }),
    KEYS: (data, from) => this.#questions.answered(from, { type: 'KEYS', data }),
    TRANSACTIONS: (data, from) => this.#questions.answered(from, { type: 'TRANSACTIONS', data }),
    OFFER_KEYS: (keys, from) => this.#fetchFrom(from, keys),
  };
  readonly #host: Host;
  #jobs: Job[] = [];
  #isWorking = false;
  #spreadTimer: NodeJS.Timeout | undefined;
  readonly #questions = new Questions<Answer>();
  /** How large the pool was one to two seconds ago, and at the last full second. */
  #settled = tree.places;
  #recent = tree.places;

  constructor(host: Host) {
    this.#host = host;
    setInterval(() => {
      [this.#settled, this.#recent] = [this.#recent, tree.places];
    }, LIMITS.settleMs).unref();
    this.#compareSometime();
    // Of a large pool, that takes a while the first time.
    refreshDigests();
  }

  /** Compares our pool with that of a peer, as soon as other walks let it. */
  compareWith(connection: Connection): void {
    this.#add(connection, 'compare', (walk) => walk.compare());
  }

  /** A connection is gone, and with it what we wanted of it. */
  forget(connection: Connection): void {
    this.#jobs = this.#jobs.filter((job) => job.connection !== connection);
    this.#questions.forget(connection);
  }

  /** OFFER_KEYS: fetch what we lack of it; who has so much to offer may have more. */
  #fetchFrom(connection: Connection, keys: readonly Key[]): void {
    this.#add(connection, 'fetch', (walk) => walk.fetch(keys));
    if (keys.length === LIMITS.keys) this.compareWith(connection);
  }

  /** Whatever was lost, and on whatever way, is found again within a minute or so. */
  #compareSometime(): void {
    const jitter = LIMITS.reconcileJitter * (2 * Math.random() - 1);
    const compare = () => {
      const peers = this.#recognisedPeers();
      const peer = peers[Math.floor(Math.random() * peers.length)];
      if (peer !== undefined) {
        // If it has given up somebody that we are connected to, it hears of them again.
        this.#host.greet(peer);
        this.compareWith(peer);
      }
      this.#compareSometime();
    };
    setTimeout(compare, LIMITS.reconcileIntervalMs * (1 + jitter)).unref();
  }

  /** What we lacked, our peers may lack as well: each has it soon, or is seen to need nothing. */
  spread(): void {
    this.#spreadTimer ??= setTimeout(() => {
      this.#spreadTimer = undefined;
      for (const peer of this.#recognisedPeers()) this.compareWith(peer);
    }, LIMITS.spreadDelayMs).unref();
  }

  #recognisedPeers(): Peer[] {
    return [...this.#host.peers.values()].filter(
      ({ announcement, isLeftBehind }) => announcement !== undefined && !isLeftBehind,
    );
  }

  #add(connection: Connection, kind: Job['kind'], begin: (walk: Walk) => Job['steps']): void {
    if (performance.now() < connection.distrustedUntilMs) return;
    if (this.#jobs.some((job) => job.connection === connection && job.kind === kind)) return;
    const walk = new Walk({
      size: tree.size,
      childDigests: (name) => tree.childDigests(name),
      keysUnder: (nodes, from, limit) => this.#keysUnder(nodes, from, connection, limit),
      has: this.#host.isKnown,
      take: (transactions) => {
        const before = tree.places;
        const isTaken = this.#host.take(transactions, connection);
        job.taken += tree.places - before;
        return isTaken;
      },
    });
    const job: Job = { connection, kind, steps: begin(walk), taken: 0 };
    this.#jobs.push(job);
    this.#work();
  }

  /** One walk at a time; one that takes long lets others go on after a while. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let job = this.#nextJob(); job !== undefined; job = this.#nextJob()) {
      const isDone = await this.#continue(job);
      const others = this.#jobs.filter((other) => other !== job);
      this.#jobs = isDone ? others : [...others, job];
    }
    this.#isWorking = false;
  }

  /** Peers first, lest anybody who only dials us keep them waiting. */
  #nextJob(): Job | undefined {
    const { routes } = this.#host;
    const ready = this.#jobs.filter(({ connection }) => !this.#questions.isPending(connection));
    return ready.find((job) => routes.peerBehind(job.connection)) ?? ready[0];
  }

  /** Puts the requests of a walk, as many as its turn allows; true when it has ended. */
  async #continue(job: Job): Promise<boolean> {
    const { connection, steps } = job;
    const untilMs = performance.now() + LIMITS.walkTurnMs;
    try {
      job.step ??= steps.next();
      while (!job.step.done && performance.now() < untilMs) {
        job.asked ??= this.#ask(job.step.value, connection);
        const answer = await soon(job.asked);
        if (answer === undefined) return false;
        job.asked = undefined;
        if (answer.type === 'NODES') await refreshDigests();
        job.step = steps.next(answer);
      }
      if (!job.step.done) return false;
      const data = job.step.value;
      if (data.length > 0) send(connection, meshFrame({ type: 'OFFER_KEYS', data }));
      if (job.kind === 'compare') this.#host.meter.count('compared');
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      // Lest somebody keep us busy with walks that lead nowhere.
      connection.distrustedUntilMs = performance.now() + LIMITS.reconcileIntervalMs;
      this.#host.log('not reconciled', `with ${nameOf(connection)} (${error.message})`);
    }
    if (job.taken > 0) {
      const what = count(job.taken, 'transaction');
      this.#host.log('reconciled', `${what} that we lacked, from ${nameOf(connection)}`);
      this.spread();
    }
    return true;
  }

  /** Puts a request. Whoever does not answer soon keeps no others waiting. */
  async #ask(request: Request, connection: Connection): Promise<Answer> {
    try {
      return await this.#questions.ask(connection, meshFrame(request));
    } finally {
      // If its walk was put aside, it goes on.
      setImmediate(() => this.#work());
    }
  }

  #answer(request: Request, from: Connection): void {
    const makeFrame = () => this.#answerTo(request, from);
    this.#host.answers.give(from, {
      subject: 'pool',
      makeFrame,
      nothing: manyFrame('TRANSACTIONS', []),
    });
  }

  async #answerTo({ type, data }: Request, from: Connection): Promise<string | Buffer> {
    switch (type) {
      case 'GET_NODES':
        await refreshDigests();
        return meshFrame({ type: 'NODES', data: data.map((name) => tree.childDigests(name)) });
      case 'GET_KEYS':
        return meshFrame({
          type: 'KEYS',
          data: this.#keysUnder(data.nodes, data.from, from, LIMITS.keys),
        });
      case 'GET_TRANSACTIONS':
        return manyFrame('TRANSACTIONS', await getTransactions(data));
    }
  }

  /** The keys of what is on disk, but for what is on its way to the other one just now. */
  #keysUnder(
    nodes: readonly string[],
    from: number,
    connection: Connection,
    limit: number,
  ): KeyPage {
    const toldSince = this.#host.routes.peerBehind(connection)?.toldSince ?? Infinity;
    const arrived = Math.max(this.#settled, toldSince);
    return tree.keysUnder(nodes, from, Math.min(arrived, savedTransactions()), limit);
  }
}

/** Brings the tree up to date, without holding up the event loop for long. */
async function refreshDigests(): Promise<void> {
  while (!tree.refresh(performance.now() + LIMITS.digestSliceMs)) await nextTurn();
}

/** What a promise comes to, if it does so soon. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const isDone = new AbortController();
  const limit = sleep(LIMITS.stallMs, undefined, { signal: isDone.signal });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    isDone.abort();
  }
}
