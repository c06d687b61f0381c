/**
 * Keeps our pool and those of our peers the same, whatever was lost on the way (anti-entropy,
 * Demers et al., 1987): decides when to compare and with whom, and runs one session at a time, so
 * that nothing is fetched twice.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../counters.js';
import type { Answers } from '../guard/answers.js';
import { LIMITS } from '../limits.js';
import { count, type Log } from '../log.js';
import { type Connection, nameOf, type Peer, send } from '../peers/connection.js';
import { PeerError } from '../peers/peer-error.js';
import { PendingRequests } from '../peers/requests.js';
import type { Routes } from '../peers/routes.js';
import type { Key } from '../wire/key.js';
import type { Data } from '../wire/messages.js';
import type { Outcome } from '../wire/receipt.js';
import { reconciliationFrame } from '../wire/reconciliation-messages.js';
import type { Transaction } from '../wire/transaction.js';
import type { Pool } from './pool.js';
import { PoolAnswers, refreshDigests } from './pool-answers.js';
import { type Answer, type Request, Session } from './reconciliation-session.js';
import { SettledKeys } from './settled-keys.js';

/** What only the node itself can tell or do. */
export interface OwnNode {
  readonly answers: Answers;
  /** Tells whether we have a transaction, in the pool or in the chain. */
  isKnown(key: Key): boolean;
  /** Takes a transaction that came over a connection, if it is new and there is room. */
  accept(transaction: Transaction, from: Connection): Outcome;
  /** Tells a peer again which nodes we are connected to. */
  greet(peer: Peer): void;
}

/** A session that is under way, or waits for its turn. */
interface Job {
  readonly connection: Connection;
  readonly kind: 'compare' | 'fetch';
  readonly steps: Generator<Request, Key[], Answer>;
  /** The request to send next, or the result at the end; undefined at the beginning. */
  step?: IteratorResult<Request, Key[]>;
  /** The answer to the request that is under way. */
  asked?: Promise<Answer> | undefined;
  /** How many transactions it has brought. */
  taken: number;
}

type Handlers = {
  [T in Request['type'] | Answer['type'] | 'OFFER_KEYS']: (data: Data<T>, from: Connection) => void;
};

export class Reconciler {
  readonly handlers: Handlers;
  readonly #pool: Pool;
  readonly #keys: SettledKeys;
  readonly #routes: Routes;
  readonly #node: OwnNode;
  readonly #counters: Counters;
  readonly #log: Log;
  #jobs: Job[] = [];
  #isWorking = false;
  #spreadTimer: NodeJS.Timeout | undefined;
  readonly #requests = new PendingRequests<Answer>();

  constructor(pool: Pool, routes: Routes, node: OwnNode, counters: Counters, log: Log) {
    this.#pool = pool;
    this.#keys = new SettledKeys(pool, routes);
    this.#routes = routes;
    this.#node = node;
    this.#counters = counters;
    this.#log = log;
    this.handlers = {
      ...new PoolAnswers(pool, this.#keys, node.answers).handlers,
      NODES: (data, from) => this.#requests.answered(from, { type: 'NODES', data }),
      KEYS: (data, from) => this.#requests.answered(from, { type: 'KEYS', data }),
      TRANSACTIONS: (data, from) => this.#requests.answered(from, { type: 'TRANSACTIONS', data }),
      OFFER_KEYS: (keys, from) => this.#fetchFrom(from, keys),
    };
    this.#compareSometime();
    // For a large pool, the first refresh takes a while.
    refreshDigests(pool.tree);
  }

  /** Compares our pool with that of a peer, as soon as other sessions allow it. */
  compareWith(connection: Connection): void {
    this.#add(connection, 'compare', (session) => session.compare());
  }

  /** Compares with a peer that was left behind, and has been told of nothing since. */
  startAnewWith(peer: Peer): void {
    peer.toldSince = this.#pool.arrivals;
    peer.distrustedUntilMs = -Infinity;
    this.compareWith(peer);
  }

  /** A connection has ended: its sessions end with it. */
  forget(connection: Connection): void {
    this.#jobs = this.#jobs.filter((job) => job.connection !== connection);
    this.#requests.forget(connection);
  }

  /** OFFER_KEYS: fetches what we lack. A full offer may mean that there is more, so it compares too. */
  #fetchFrom(connection: Connection, keys: readonly Key[]): void {
    this.#add(connection, 'fetch', (session) => session.fetch(keys));
    if (keys.length === LIMITS.keys) this.compareWith(connection);
  }

  /** Whatever was lost, by whatever cause, is found within a minute or so. */
  #compareSometime(): void {
    const jitter = LIMITS.reconcileJitter * (2 * Math.random() - 1);
    const compare = () => {
      const peers = this.#routes.identifiedPeers();
      const peer = peers[Math.floor(Math.random() * peers.length)];
      if (peer !== undefined) {
        // If it has given up an address that we are connected to, it learns of it again.
        this.#node.greet(peer);
        this.compareWith(peer);
      }
      this.#compareSometime();
    };
    setTimeout(compare, LIMITS.reconcileIntervalMs * (1 + jitter)).unref();
  }

  /** Compares with every peer soon: what we lacked, they may lack as well. */
  spread(): void {
    this.#spreadTimer ??= setTimeout(() => {
      this.#spreadTimer = undefined;
      for (const peer of this.#routes.identifiedPeers()) this.compareWith(peer);
    }, LIMITS.spreadDelayMs).unref();
  }

  #add(connection: Connection, kind: Job['kind'], begin: (session: Session) => Job['steps']): void {
    if (performance.now() < connection.distrustedUntilMs) return;
    if (this.#jobs.some((job) => job.connection === connection && job.kind === kind)) return;
    const session = new Session({
      size: this.#pool.tree.size,
      childDigests: (name) => this.#pool.tree.childDigests(name),
      keysUnder: (nodes, from, limit) => this.#keys.under(nodes, from, connection, limit),
      has: (key) => this.#node.isKnown(key),
      take: (transactions) => {
        const before = this.#pool.arrivals;
        const isTaken = transactions.every(
          (each) => this.#node.accept(each, connection).status !== 'rejected',
        );
        job.taken += this.#pool.arrivals - before;
        return isTaken;
      },
    });
    const job: Job = { connection, kind, steps: begin(session), taken: 0 };
    this.#jobs.push(job);
    this.#work();
  }

  /** Runs one session at a time; a long one lets others take a turn after a while. */
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

  /** Peers first, so that a connection that only dials us cannot keep them waiting. */
  #nextJob(): Job | undefined {
    const ready = this.#jobs.filter(({ connection }) => !this.#requests.isPending(connection));
    return ready.find((job) => this.#routes.peerBehind(job.connection)) ?? ready[0];
  }

  /** Sends the requests of a session, as many as its turn allows; true when it has ended. */
  async #continue(job: Job): Promise<boolean> {
    const { connection, steps } = job;
    const untilMs = performance.now() + LIMITS.sessionTurnMs;
    try {
      job.step ??= steps.next();
      while (!job.step.done && performance.now() < untilMs) {
        job.asked ??= this.#ask(job.step.value, connection);
        const answer = await soon(job.asked);
        if (answer === undefined) return false;
        job.asked = undefined;
        if (answer.type === 'NODES') await refreshDigests(this.#pool.tree);
        job.step = steps.next(answer);
      }
      if (!job.step.done) return false;
      const data = job.step.value;
      if (data.length > 0) send(connection, reconciliationFrame({ type: 'OFFER_KEYS', data }));
      if (job.kind === 'compare') this.#counters.count('compared');
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      // So that nobody keeps us busy with sessions that lead nowhere.
      connection.distrustedUntilMs = performance.now() + LIMITS.reconcileIntervalMs;
      this.#log('not reconciled', `with ${nameOf(connection)} (${error.message})`);
    }
    if (job.taken > 0) {
      const what = count(job.taken, 'transaction');
      this.#log('reconciled', `${what} that we lacked, from ${nameOf(connection)}`);
      this.spread();
    }
    return true;
  }

  /** Sends a request. A node that does not answer soon keeps no others waiting. */
  async #ask(request: Request, connection: Connection): Promise<Answer> {
    try {
      return await this.#requests.ask(connection, reconciliationFrame(request));
    } finally {
      // If its session was put aside, it goes on.
      setImmediate(() => this.#work());
    }
  }
}

/** The value of a promise, if it resolves soon. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const isDone = new AbortController();
  const limit = sleep(LIMITS.stallMs, undefined, { signal: isDone.signal });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    isDone.abort();
  }
}
