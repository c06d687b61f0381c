/** A sender that is as fast as it can be. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { frameOf, openRaw } from '../support/frames.js';
import { transactionMessage, until } from '../support/helpers.js';
import { keepsItsPeer, underLoad } from '../support/load.js';
import type { RunningNode } from '../support/program.js';

const FRESH = 100_000;
const AT_ONCE = 1000;
/**
 * What a node may grow by meanwhile. To know 100,000 transactions takes 44 to 48 MB, measured with
 * the same ones given slowly, each awaited; the rest is what any attack may take.
 */
const MEMORY_BYTES = (48 + 50) * 1024 * 1024;

/** Sends each transaction twice, the second time some way behind the first. */
async function flood(socket: Socket): Promise<void> {
  const batchOf = (first: number) =>
    Buffer.concat(
      Array.from({ length: AT_ONCE }, (_, i) =>
        frameOf(JSON.stringify(transactionMessage(`fresh${first + i}`))),
      ),
    );
  let before = Buffer.alloc(0);
  for (let first = 0; first < FRESH; first += AT_ONCE) {
    const batch = batchOf(first);
    if (!socket.write(Buffer.concat([before, batch]))) await once(socket, 'drain');
    before = batch;
  }
  if (!socket.write(before)) await once(socket, 'drain');
}

async function countFresh(node: RunningNode): Promise<number> {
  return new Set((await node.poolText()).match(/(?<="id":")fresh\d+/g)).size;
}

test('of two hundred thousand transactions at once, half of them known, nothing is lost', (t) =>
  underLoad(
    async (load) => {
      const socket = await openRaw(load.victim);
      const beganMs = performance.now();
      await flood(socket);
      t.diagnostic(`sent in ${Math.round(performance.now() - beganMs)} ms`);
      for (const node of [load.victim, load.honest]) {
        let found = 0;
        await until(
          () => `${node.name} to have all; it has ${found}`,
          async () => {
            found = await countFresh(node);
            return found === FRESH;
          },
          60_000,
        );
      }
      t.diagnostic(`all there after ${Math.round(performance.now() - beganMs)} ms`);
      assert.ok(!socket.destroyed, 'it was never thrown out');
      await keepsItsPeer(load);
      socket.destroy();
    },
    { arrivalMs: 1000, memoryBytes: MEMORY_BYTES },
  ));
