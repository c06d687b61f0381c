/** All limits of one node on what others can make it do, put together. */

import type { Log } from '../log.js';
import type { Connection, Peer } from '../peers/connection.js';
import type { PeerExchange } from '../peers/peer-exchange.js';
import type { Routes } from '../peers/routes.js';
import { totalSlots } from '../peers/slots.js';
import { Answers } from './answers.js';
import { Backpressure } from './backpressure.js';
import { ConnectionLimits } from './connection-limits.js';
import { type Budgets, RateLimits } from './rate-limits.js';

/** The connections of a node. */
interface Guarded {
  readonly connections: ReadonlySet<Connection>;
  readonly connected: ReadonlyMap<string, Peer>;
  readonly routes: Routes;
}

export class Guard {
  readonly connectionLimits: ConnectionLimits;
  readonly backpressure: Backpressure;
  readonly answers: Answers;
  readonly #rateLimits: RateLimits;

  /**
   * @param maxPeers how many peers the node looks for
   * @param onCaughtUp is called when a peer that was left behind has read everything
   */
  constructor(
    { connections, connected, routes }: Guarded,
    maxPeers: number,
    onCaughtUp: (peer: Peer) => void,
    log: Log,
  ) {
    this.connectionLimits = new ConnectionLimits(connections, routes, totalSlots(maxPeers));
    this.#rateLimits = new RateLimits(routes);
    this.backpressure = new Backpressure(connected, onCaughtUp, log);
    this.answers = new Answers(this.#rateLimits, this.connectionLimits, log);
  }

  /** Returns the budgets that the requests of a connection spend. */
  readonly budgetsOf = (connection: Connection): Budgets => this.#rateLimits.of(connection);

  /**
   * Finds a slot for a connection that was just opened, or has just named its address. If there is
   * none, one connection is referred to other nodes and closed.
   *
   * @returns false if that connection is the newcomer
   */
  admit(newcomer: Connection, exchange: PeerExchange): boolean {
    const leaving = this.connectionLimits.admit(newcomer);
    if (leaving !== undefined) exchange.refer(leaving);
    return leaving !== newcomer;
  }
}
