/** How transactions spread: nodes relay them, and find them in comparisons. */

import { LIMITS } from '../lib/limits.js';
import type { Clock } from './clock.js';
import type { Event } from './events.js';
import type { Caller, Link, Node, Peer } from './node.js';
import { type Copy, Transactions } from './transactions.js';

interface Host {
  readonly clock: Clock<Event>;
  /** Whether a message over a connection arrives. */
  getsThrough(link: Link): boolean;
}

/** One-way trips of a comparison that finds something: about three requests with their answers. */
const WAYS_TO_COMPARE = 6;
/** A client hands in a transaction, and is no node. */
const CLIENT = { address: undefined, identity: undefined, neighbours: undefined };

export class Relay {
  readonly #host: Host;
  readonly transactions = new Transactions();

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Hands a new transaction to a node.
   *
   * @param witnesses the nodes that are up, by place
   */
  give(node: Node, witnesses: readonly (Node | undefined)[]): void {
    const copy = this.transactions.add(node.place, witnesses, this.#host.clock.nowMs);
    this.#relay(node, copy, CLIENT);
  }

  /** A copy has arrived over a connection. */
  receive({ to, caller }: Link, copy: Copy): void {
    if (!to.callers.has(caller)) return;
    caller.heardMs = this.#host.clock.nowMs;
    if (this.transactions.arrive(copy, to.place, this.#host.clock.nowMs))
      this.#relay(to, copy, caller);
  }

  #relay(node: Node, copy: Copy, from: Caller | Peer | typeof CLIENT): void {
    const next = { ...copy, hops: copy.hops + 1 };
    for (const { link } of node.routes.from(from)) {
      if (this.#host.getsThrough(link)) {
        this.#host.clock.after(link.latencyMs, { type: 'transaction', link, copy: next });
      }
    }
  }

  /** The node that dialled compares its pool with that of the other end. */
  compareWith(link: Link): void {
    if (this.transactions.all.length === 0) return;
    this.#host.clock.after(WAYS_TO_COMPARE * link.latencyMs, { type: 'merge', link });
  }

  /** A comparison is done: each of the two takes what it lacks, and relays it. */
  merge({ from, to, peer, caller }: Link): void {
    if (peer.isDropped || !from.isUp || !to.callers.has(caller)) return;
    this.#takeFrom(to.place, from, peer);
    this.#takeFrom(from.place, to, caller);
  }

  #takeFrom(place: number, node: Node, end: Peer | Caller): void {
    const taken = this.transactions.fetch(node.place, place, this.#host.clock.nowMs);
    for (const copy of taken) this.#relay(node, copy, end);
    if (taken.length === 0 || node.isSpreading) return;
    node.isSpreading = true;
    this.#host.clock.after(LIMITS.spreadDelayMs, { type: 'spread', node });
  }

  /** What a node lacked, its peers may lack as well. */
  spread(node: Node): void {
    node.isSpreading = false;
    if (!node.isUp) return;
    for (const { link } of node.peers.values()) this.compareWith(link);
  }
}
