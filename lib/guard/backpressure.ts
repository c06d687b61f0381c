/**
 * Backpressure, for a peer that reads more slowly than transactions come. First, the senders are
 * paused. A peer that stays slow is left behind: it gets nothing until it has read what it was
 * sent, and then catches up by comparing pools. So it costs neither the time of the senders nor our
 * memory. A plain peer cannot compare pools, and is disconnected.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { type Connection, expel, type Peer, pauseUntil, send } from '../peers/connection.js';

export class Backpressure {
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #onCaughtUp: (peer: Peer) => void;
  readonly #log: Log;

  /** @param onCaughtUp is called when a peer that was left behind can be sent to again */
  constructor(peers: ReadonlyMap<string, Peer>, onCaughtUp: (peer: Peer) => void, log: Log) {
    this.#peers = peers;
    this.#onCaughtUp = onCaughtUp;
    this.#log = log;
  }

  /**
   * Sends a peer a frame that came over another connection, if the peer keeps up.
   *
   * @returns whether the peer keeps up
   */
  send(peer: Peer, frames: readonly Buffer[], from: Connection): boolean {
    const unreadBytes = peer.socket.bufferedAmount;
    const slowBytes = this.#slowBytes();
    if (unreadBytes > slowBytes && !peer.isSlow) this.#waitFor(peer, slowBytes / 2);
    if (peer.isLeftBehind || peer.isExpelled) return false;
    if (unreadBytes > LIMITS.plainSlowTimes * slowBytes && peer.identity === undefined) {
      expel(peer, 1008, 'it does not read');
      return false;
    }
    for (const frame of frames) send(peer, frame);
    if (peer.pause !== undefined) pauseUntil(peer.pause, from);
    return true;
  }

  /** How many bytes a peer that keeps up may leave unread. Many peers share one limit. */
  #slowBytes(): number {
    return Math.min(LIMITS.slowBytes, LIMITS.unreadBytes / this.#peers.size);
  }

  /** Watches a slow peer until it has no more than so many bytes unread. */
  async #waitFor(peer: Peer, bytes: number): Promise<void> {
    peer.isSlow = true;
    // bufferedAmount falls only when a whole batch is out, and a batch may hold almost everything.
    peer.pause = hasRead(peer, bytes, LIMITS.slowPauseMs);
    await peer.pause;
    peer.pause = undefined;
    const isStuck = peer.socket.bufferedAmount > bytes;
    if (isStuck && peer.identity !== undefined) await this.#leaveBehind(peer);
    // The senders go on, and the peer may still catch up by itself.
    else await hasRead(peer, bytes, Infinity);
    peer.isSlow = false;
  }

  async #leaveBehind(peer: Peer): Promise<void> {
    peer.isLeftBehind = true;
    this.#log('left behind', `${peer.address.text} (it reads too slowly)`);
    await hasRead(peer, 0, Infinity);
    if (peer.isDropped) return;
    peer.isLeftBehind = false;
    this.#log('caught up', `${peer.address.text} (it has read what it was sent)`);
    this.#onCaughtUp(peer);
  }
}

/** Resolves when a peer has no more than so many bytes unread, or after a time limit. */
async function hasRead(peer: Peer, bytes: number, limitMs: number): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (peer.socket.bufferedAmount > bytes && !peer.isDropped && performance.now() < untilMs) {
    await sleep(LIMITS.slowPollMs);
  }
}
