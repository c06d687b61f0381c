/**
 * What to do about a peer that reads more slowly than transactions come. At first, who sends them
 * is made to wait for it. But one that is stuck must cost neither their time nor our memory: soon
 * it is left behind, and gets nothing until it has read what it was sent; then it catches up by a
 * comparison of the pools. With a plain peer there is none, so that is dropped.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from './config.js';
import { type Connection, type Peer, pauseUntil, send } from './connection.js';
import type { Log } from './log.js';

/** What only the node itself can do. */
interface Host {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly log: Log;
  drop(peer: Peer, reason: string): void;
  /** Finds out with a peer what it has missed. */
  catchUp(peer: Peer): void;
}

export class Flow {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Sends a peer what has come over another connection, if it keeps up.
   *
   * @returns whether it does
   */
  send(peer: Peer, frames: readonly Buffer[], from: Connection): boolean {
    const unreadBytes = peer.socket.bufferedAmount;
    const slowBytes = this.#slowBytes();
    if (unreadBytes > slowBytes && !peer.isSlow) this.#waitFor(peer, slowBytes / 2);
    if (peer.isLeftBehind) return false;
    if (unreadBytes > LIMITS.plainSlowTimes * slowBytes && peer.announcement === undefined) {
      this.#host.drop(peer, 'it does not read');
      return false;
    }
    for (const frame of frames) send(peer, frame);
    if (peer.pause !== undefined) pauseUntil(peer.pause, from);
    return true;
  }

  /** How much may wait for a peer that keeps up: less if there are many, for all share a limit. */
  #slowBytes(): number {
    return Math.min(LIMITS.slowBytes, LIMITS.unreadBytes / this.#host.peers.size);
  }

  /** Follows a peer from where it is slow to where it keeps up, with so much to read at most. */
  async #waitFor(peer: Peer, bytes: number): Promise<void> {
    peer.isSlow = true;
    // How much has gone is known only when a whole batch has, and that may be almost all.
    peer.pause = hasRead(peer, bytes, LIMITS.slowPauseMs);
    await peer.pause;
    peer.pause = undefined;
    const isStuck = peer.socket.bufferedAmount > bytes;
    if (isStuck && peer.announcement !== undefined) await this.#leaveBehind(peer);
    // Nobody waits for it any longer, but it may catch up by itself.
    else await hasRead(peer, bytes, Infinity);
    peer.isSlow = false;
  }

  async #leaveBehind(peer: Peer): Promise<void> {
    peer.isLeftBehind = true;
    this.#host.log('left behind', `${peer.address.text} (it reads too slowly)`);
    await hasRead(peer, 0, Infinity);
    if (peer.isDropped) return;
    peer.isLeftBehind = false;
    this.#host.log('caught up', `${peer.address.text} (it has read what it was sent)`);
    this.#host.catchUp(peer);
  }
}

/** Resolves when no more than so much waits for a peer, or when that takes too long. */
async function hasRead(peer: Peer, bytes: number, limitMs: number): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (peer.socket.bufferedAmount > bytes && !peer.isDropped && performance.now() < untilMs) {
    await sleep(LIMITS.slowPollMs);
  }
}
