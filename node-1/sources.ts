/**
 * Whoever makes us do something spends a budget. It belongs to where they come from, not to the
 * connection: who comes back over another one finds it as it was.
 */

import { isIP } from 'node:net';
import { LIMITS } from './config.js';
import type { Connection } from './connection.js';
import type { Routes } from './routes.js';
import { TokenBucket } from './token-bucket.js';

export interface Source {
  /** Spent on each address that we read in a HANDSHAKE. */
  readonly reading: TokenBucket;
  /** Spent on each address that we dial on its word. */
  readonly news: TokenBucket;
  /** Spent on each request about the pool. */
  readonly requests: TokenBucket;
}

export class Sources {
  /** The one used longest ago first. */
  readonly #sources = new Map<string, Source>();

  readonly #routes: Routes;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** Returns the budgets of a connection: those of the peer that we know is there, or its network. */
  of(connection: Connection): Source {
    const nowMs = performance.now();
    const peer = this.#routes.peerBehind(connection);
    const name = peer?.announcement ? peer.address.key : networkOf(connection.tcp?.remoteAddress);
    const source = this.#sources.get(name) ?? newSource(nowMs);
    this.#sources.delete(name);
    this.#sources.set(name, source);
    if (this.#sources.size > LIMITS.sources) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest as string);
    }
    return source;
  }
}

/** The budgets of somebody new. */
export function newSource(nowMs: number): Source {
  return {
    reading: new TokenBucket(LIMITS.readingsAtOnce, nowMs, LIMITS.readingsPerSecond),
    news: new TokenBucket(LIMITS.newsAtOnce, nowMs, LIMITS.newsPerSecond),
    requests: new TokenBucket(LIMITS.requestsAtOnce, nowMs, LIMITS.requestsPerSecond),
  };
}

/** Who has one address of these has them all: this machine; a /64 of IPv6; one IPv4 address. */
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
