/** A sender that is as fast as it can be. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { frameOf, openRaw } from './frames.js';
import { transactionMessage, until } from './helpers.js';
import { keepsItsPeer, type Loaded } from './load.js';

const AT_ONCE = 1000;

/** Sends so many transactions twice over one connection, and waits until both nodes have each once. */
export async function floodAndCount(load: Loaded, count: number): Promise<void> {
  const socket = await openRaw(load.victim);
  await flood(socket, count);
  for (const node of [load.victim, load.honest]) {
    let found = 0;
    await until(
      () => `${node.name} to have all; it has ${found}`,
      async () => {
        const ids = (await node.poolText()).match(/(?<="id":")fresh\d+/g) ?? [];
        found = new Set(ids).size;
        assert.equal(ids.length, found, 'a transaction is there twice');
        return found === count;
      },
      120_000,
    );
  }
  assert.ok(!socket.destroyed, 'the sender was never cut off');
  await keepsItsPeer(load);
  socket.destroy();
}

/** Sends each transaction twice, the second time some way behind the first. */
async function flood(socket: Socket, count: number): Promise<void> {
  const batchOf = (first: number) =>
    Buffer.concat(
      Array.from({ length: AT_ONCE }, (_, i) =>
        frameOf(JSON.stringify(transactionMessage(`fresh${first + i}`))),
      ),
    );
  let before = Buffer.alloc(0);
  for (let first = 0; first < count; first += AT_ONCE) {
    const batch = batchOf(first);
    if (!socket.write(Buffer.concat([before, batch]))) await once(socket, 'drain');
    before = batch;
  }
  if (!socket.write(before)) await once(socket, 'drain');
}
