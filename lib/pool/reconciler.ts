/**
 * Keeps our pool equal to those of our peers, whatever was lost on the way (anti-entropy, Demers et
 * al., 1987). It decides when to compare and with whom. It runs one session at a time, so nothing
 * is fetched twice.
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

/** What the reconciler needs from the node. */
export interface OwnNode {
  readonly answers: Answers;
  /** Whether we have a transaction, in the pool or in the chain. */
  isKnown(key: Key): boolean;
  /** Takes a transaction if it is new and there is room. */
  accept(transaction: Transaction, from: Connection): Outcome;
  /** Tells a peer again to which nodes we are connected. */
  greet(peer: Peer): void;
}

/** A session in progress, or waiting for its turn. */
interface Job {
  readonly connection: Connection;
  readonly kind: 'compare' | 'fetch';
  readonly steps: Generator<Request, Key[], Answer>;
  /** The next request, or the result at the end; undefined at the beginning. */
  step?: IteratorResult<Request, Key[]>;
  /** The answer to the request in progress. */
  asked?: Promise<Answer> | undefined;
  /** How many transactions the session has brought. */
  taken: number;
  /** When its first turn came, by performance.now(). */
  sinceMs?: number;
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
    // The first refresh of a large pool takes a while.
    refreshDigests(pool.tree);
  }

  /**
   * Whether our pool was compared with that of a peer, by us or by the peer. A peer does not say that
   * it is done: it asks no more, and what it offered has been fetched.
   */
  get hasCompared(): boolean {
    if (this.#counters.counts.compared > 0) return true;
    const untilMs = performance.now() - LIMITS.stallMs;
    const isDone = ({ askedMs }: Connection) => askedMs !== -Infinity && askedMs < untilMs;
    return this.#jobs.length === 0 && this.#routes.callingPeers().some(isDone);
  }

  /**
   * We have reached a peer. One of the two compares the pools, and finds what either of them lacks.
   *
   * @param isOurTurn if false, we leave it to the peer, unless it has not dialled us after a while
   */
  meet(peer: Peer, isOurTurn: boolean): void {
    if (isOurTurn) {
      this.compareWith(peer);
      return;
    }
    const compareAfterAll = () => {
      if (!peer.isDropped && !this.#routes.hasDialled(peer)) this.compareWith(peer);
    };
    setTimeout(compareAfterAll, LIMITS.dialBackMs).unref();
  }

  /**
   * Compares our pool with a peer's as soon as other sessions allow.
   *
   * @returns false if that is about to be done anyway, or the peer is not to be asked for a while
   */
  compareWith(connection: Connection): boolean {
    return this.#add(connection, 'compare', (session) => session.compare());
  }

  /** Compares with a peer that was left behind and has been sent nothing since. */
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

  /**
   * OFFER_KEYS: fetches what we lack. After a full offer it compares instead, because there may be
   * more, and a pool in which nothing of it is yet is compared in fewer steps.
   */
  #fetchFrom(connection: Connection, keys: readonly Key[]): void {
    const isFull = keys.length === LIMITS.keys;
    if (isFull && this.compareWith(connection)) return;
    this.#add(connection, 'fetch', (session) => session.fetch(keys));
  }

  /**
   * Compares with a peer at intervals, so that whatever was lost is found within about a minute.
   */
  #compareSometime(): void {
    const jitter = LIMITS.reconcileJitter * (2 * Math.random() - 1);
    const compare = () => {
      const peers = this.#routes.identifiedPeers();
      const peer = peers[Math.floor(Math.random() * peers.length)];
      if (peer !== undefined) {
        // The peer may have given up an address that we are connected to: so it learns of it again.
        this.#node.greet(peer);
        this.compareWith(peer);
      }
      this.#compareSometime();
    };
    setTimeout(compare, LIMITS.reconcileIntervalMs * (1 + jitter)).unref();
  }

  /** Compares with every peer soon: they may lack what we lacked. */
  spread(): void {
    this.#spreadTimer ??= setTimeout(() => {
      this.#spreadTimer = undefined;
      for (const peer of this.#routes.identifiedPeers()) this.compareWith(peer);
    }, LIMITS.spreadDelayMs).unref();
  }

  /** @returns whether it is added: of each kind there is one at most for a connection */
  #add(
    connection: Connection,
    kind: Job['kind'],
    begin: (session: Session) => Job['steps'],
  ): boolean {
    if (performance.now() < connection.distrustedUntilMs) return false;
    if (this.#jobs.some((job) => job.connection === connection && job.kind === kind)) return false;
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
    return true;
  }

  /** Runs one session at a time. A long session pauses after a while for the others. */
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

  /** Chooses peers first, so that an inbound connection cannot keep them waiting. */
  #nextJob(): Job | undefined {
    const ready = this.#jobs.filter(({ connection }) => !this.#requests.isPending(connection));
    return ready.find((job) => this.#routes.peerBehind(job.connection)) ?? ready[0];
  }

  /** Sends as many requests of a session as its turn allows; true if the session has ended. */
  async #continue(job: Job): Promise<boolean> {
    const { connection, steps } = job;
    const untilMs = performance.now() + LIMITS.sessionTurnMs;
    job.sinceMs ??= performance.now();
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
      this.#counters.count('offered', data.length);
      if (job.kind === 'compare') this.#counters.compared(performance.now() - job.sinceMs);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      // Nobody may keep us busy with sessions that lead nowhere.
      connection.distrustedUntilMs = performance.now() + LIMITS.reconcileIntervalMs;
      if (job.kind === 'compare') this.#counters.count('notCompared');
      this.#log('not reconciled', `with ${nameOf(connection)} (${error.message})`);
    }
    this.#counters.count('fetched', job.taken);
    if (job.taken > 0) {
      const what = count(job.taken, 'transaction');
      this.#log('reconciled', `${what} that we lacked, from ${nameOf(connection)}`);
      this.spread();
    }
    return true;
  }

  /** Sends a request. A node that is slow to answer does not keep the others waiting. */
  async #ask(request: Request, connection: Connection): Promise<Answer> {
    try {
      return await this.#requests.ask(connection, reconciliationFrame(request));
    } finally {
      // If the session was put aside, it continues now.
      setImmediate(() => this.#work());
    }
  }
}

/** The value of a promise if it resolves soon, else undefined. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const isDone = new AbortController();
  const limit = sleep(LIMITS.stallMs, undefined, { signal: isDone.signal });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    isDone.abort();
  }
}
