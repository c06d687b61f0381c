/**
 * Rate limits: work that others make us do spends a budget. A budget belongs to the source of a
 * connection, not to the connection: a second connection from the same source shares it.
 */

import { isIP } from 'node:net';
import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { ExchangeBudgets } from '../peers/peer-exchange.js';
import type { Routes } from '../peers/routes.js';
import { TokenBucket } from '../token-bucket.js';

export interface Budgets extends ExchangeBudgets {
  /** Spent on each request about the pool and the chain. */
  readonly requests: TokenBucket;
}

export class RateLimits {
  /** In order of use, the least recently used first. */
  readonly #budgets = new Map<string, Budgets>();
  readonly #routes: Routes;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** The budgets of a connection: those of the proven peer at its other end, or of its network. */
  of(connection: Connection): Budgets {
    const nowMs = performance.now();
    const peer = this.#routes.peerBehind(connection);
    const name = peer?.identity ? peer.address.key : networkOf(connection.tcp?.remoteAddress);
    const budgets = this.#budgets.get(name) ?? newBudgets(nowMs);
    this.#budgets.delete(name);
    this.#budgets.set(name, budgets);
    if (this.#budgets.size > LIMITS.rateLimitedSources) {
      const [oldest] = this.#budgets.keys();
      this.#budgets.delete(oldest as string);
    }
    return budgets;
  }
}

/** Full budgets. */
export function newBudgets(nowMs: number): Budgets {
  return {
    reading: new TokenBucket(LIMITS.readsAtOnce, nowMs, LIMITS.readsPerSecond),
    news: new TokenBucket(LIMITS.learntAtOnce, nowMs, LIMITS.learntPerSecond),
    requests: new TokenBucket(LIMITS.requestsAtOnce, nowMs, LIMITS.requestsPerSecond),
  };
}

/** The addresses of one owner, as one name: this machine; an IPv6 /64; an IPv4 address. */
export function networkOf(ip = ''): string {
  const text = ip.replace(/^::ffff:/, '').replace(/%.*$/, '');
  if (text === '::1' || text.startsWith('127.')) return 'this machine';
  if (isIP(text) !== 6) return text;
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array(missing).fill('0'), ...groups(tail ?? '')];
  return all.slice(0, 4).join(':');
}
