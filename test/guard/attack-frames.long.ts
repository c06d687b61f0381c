/** Frames that would fill the memory of a node which keeps them all. */

import { describe, test } from 'node:test';
import { frameOf, OPCODES, openRaw, repeat } from '../support/frames.js';
import { connectTo, transactionMessage, until } from '../support/helpers.js';
import { underSiege, untilPoolHolds } from '../support/load.js';
import type { NodeProcess } from '../support/program.js';
import { strikesOut } from '../support/strikes.js';

const MIB = 1024 * 1024;
/** Pings without reading, on a new connection whenever one has been ended. */
async function pingForEver(
  victim: NodeProcess,
  pingsAtOnce: number,
  isOver: () => boolean,
): Promise<void> {
  const pings = Buffer.concat(
    Array(pingsAtOnce).fill(frameOf('x'.repeat(125), { opcode: OPCODES.ping })),
  );
  while (!isOver()) {
    const socket = await openRaw(victim);
    socket.pause();
    await repeat(socket, pings, isOver);
    socket.destroy();
  }
}

describe('sieges with frames', { concurrency: 2 }, () => {
  test('large frames of nothing but brackets and names do not fill the memory', () =>
    underSiege(async ({ victim }) => {
      const open = '1 MiB of brackets that open';
      await strikesOut(victim, [open, '['.repeat(MIB)]);
      const nested = '1 MiB of objects in each other';
      await strikesOut(victim, [nested, '{"":'.repeat(MIB / 4)]);
      const arrays = Array(MIB / 4).fill('[]');
      const names = Array.from({ length: MIB / 12 }, (_, i) => `"k${i}":0`);
      const socket = await connectTo(victim.address);
      for (let i = 0; i < 20; i++) {
        socket.send(`{"type":"GET_WEATHER","data":[${arrays}]}`);
        socket.send(`{"type":"GET_WEATHER","data":{${names}}}`);
      }
      socket.send(JSON.stringify(transactionMessage('behind the arrays')));
      await untilPoolHolds(victim, [`fine: ${open}`, `fine: ${nested}`, 'behind the arrays']);
      socket.terminate();
    }));

  test('pings without end from a caller that never reads do not fill the memory with pongs', () =>
    underSiege(async ({ victim }) => {
      const endMs = performance.now() + 5000;
      const isOver = () => performance.now() > endMs;
      await Promise.all([1, 10, 500].map((pings) => pingForEver(victim, pings, isOver)));
    }));

  test('of forty frames that are never finished, only a few are kept in memory', () =>
    underSiege(async ({ victim }) => {
      const size = 900_000;
      const sockets = await Promise.all(Array.from({ length: 40 }, () => openRaw(victim)));
      for (const [number, socket] of sockets.entries()) {
        const inOneFrame = frameOf('x'.repeat(size), { claimedBytes: MIB });
        socket.resume();
        socket.write(number % 2 === 0 ? inOneFrame : frameOf('x'.repeat(size), { isFinal: false }));
      }
      const most = Math.ceil((8 * MIB) / size);
      const open = () => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded);
      await until(
        () => `${most} at most to be open; there are ${open().length}`,
        () => open().length <= most,
      );
      for (const socket of sockets) socket.destroy();
    }));
});
