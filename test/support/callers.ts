/** Many WebSockets that are opened to one node, and what becomes of them. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { connectTo, until } from './helpers.js';
import type { RunningNode } from './program.js';

/** How many are opened at a time, fewer than may wait for their upgrade. */
const AT_ONCE = 50;
/** Slots for callers that claim to be nodes. */
export const CLAIMANTS = 384;
/** Room for what the test itself opens meanwhile. */
export const OTHERS = 16;

/** WebSockets to a node, and the codes with which it has closed some of them. */
export class Callers {
  readonly codes: number[] = [];
  readonly #sockets: WebSocket[] = [];

  static async open(
    node: RunningNode,
    size: number,
    headersOf: (number: number) => Record<string, string> = () => ({}),
    greetingOf?: (number: number) => string,
  ): Promise<Callers> {
    const crowd = new Callers();
    for (let first = 0; first < size; first += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, size - first) }, (_, i) => first + i);
      await Promise.all(
        numbers.map(async (number) => {
          const socket = await connectTo(node.address, headersOf(number));
          socket.on('close', (code) => crowd.codes.push(code));
          crowd.#sockets.push(socket);
          if (greetingOf !== undefined) socket.send(greetingOf(number));
        }),
      );
    }
    return crowd;
  }

  get open(): number {
    return this.#sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  closedWith(code: number): number {
    return this.codes.filter((each) => each === code).length;
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

/** The headers of a caller that claims to be the node at an address. */
export function claimOf(address: string): Record<string, string> {
  return {
    'mesh-version': '1',
    'mesh-id': randomBytes(16).toString('hex'),
    'mesh-address': address,
  };
}

/** The same for one of many, each at another port. */
export function claimAt(number: number): Record<string, string> {
  return claimOf(`ws://localhost:${10_000 + number}`);
}

/** Waits until no more than these are open, and checks that not many fewer are. */
export async function settlesAt(
  node: RunningNode,
  most: number,
  open: () => number,
): Promise<void> {
  await until(
    () => `${most} connections at most; there are ${open()}`,
    () => open() <= most,
  );
  // When a later connection is served, the node is done with the earlier ones.
  const later = await connectTo(node.address);
  later.ping();
  await once(later, 'pong');
  later.terminate();
  assert.ok(open() <= most && open() >= most - OTHERS, `${open()} are open`);
}
