/** A story that the judge can tell to hold, or not to hold, of anybody's node. */

import type { Bench } from './judge-bench.js';
import type { JudgePeer } from './judge-peer.js';
import type { JudgedNode } from './judged-node.js';

export interface Story {
  /** `1` to `12`, `bonus 1` …, or `beyond 1` … */
  readonly id: string;
  /** What it asks, in one sentence. */
  readonly asks: string;
  /** Stories without which nothing of this one can be seen. */
  readonly needs: readonly string[];
  /** @throws Unmet if the story does not hold */
  readonly check: (bench: Bench) => Promise<void>;
}

export const handshake = (...data: string[]) => ({ type: 'HANDSHAKE', data });
export const transaction = (data: object) => ({ type: 'TRANSACTION', data });

/** A transaction as the exercise's own add-transaction makes it: without an id. */
export function exerciseTransaction(mark: string): Record<string, unknown> {
  const hash = Buffer.from(mark.padEnd(32, '.')).toString('hex');
  return {
    fromAddress: `from ${mark}`,
    toAddress: 'to',
    amount: 5,
    timeStamp: 1_700_000_000,
    hash,
  };
}

/** Waits until a node is connected to a peer. */
export function untilConnected(bench: Bench, node: JudgedNode, peer: JudgePeer): Promise<void> {
  return bench.until(
    node,
    () => `${peer.name} was dialled ${times(peer.dials)}, and no connection is open`,
    () => peer.isConnected,
  );
}

/** Waits for the first HANDSHAKE at a peer, and returns its addresses. */
export async function firstHandshake(
  bench: Bench,
  node: JudgedNode,
  peer: JudgePeer,
): Promise<string[]> {
  await bench.until(
    node,
    () => `${peer.name} had no HANDSHAKE: it got ${list(peer.frames)}`,
    () => peer.received('HANDSHAKE').length > 0,
  );
  const [data] = peer.received('HANDSHAKE');
  if (!Array.isArray(data) || data.some((each) => typeof each !== 'string')) {
    bench.fail(`its data is no array of addresses: ${peer.frames[0]}`);
  }
  return data as string[];
}

/** Whether a list has the address of a node or peer, in one of the spellings of this machine. */
export function names(addresses: readonly string[], { port }: { port: number }): boolean {
  const spelling = new RegExp(`^wss?://(localhost|127\\.0\\.0\\.1|\\[::1\\]):${port}/?$`, 'i');
  return addresses.some((address) => spelling.test(address));
}

export function list(frames: readonly string[]): string {
  return frames.length === 0 ? 'nothing' : frames.join(' and ');
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
