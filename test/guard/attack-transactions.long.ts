/** Transactions that take long to identify. */

import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { frameOf, openRaw } from '../support/frames.js';
import { underSiege } from '../support/load.js';

/** Ten at a time leave more behind than is collected at once; with one, it is about 33 MB. */
const TEDIOUS_BYTES = 150 * 1024 * 1024;

describe('sieges with transactions', { concurrency: 2 }, () => {
  test('transactions that are tedious to identify, without end, do not keep others from being heard', () =>
    underSiege(async ({ victim }) => {
      const endMs = performance.now() + 5000;
      const members = Array.from({ length: 4000 }, (_, i) => `"k${i}":${i}`).sort();
      const frame = frameOf(`{"type":"TRANSACTION","data":{${members}}}`);
      const frames = Buffer.concat(Array(20).fill(frame));
      const flood = async () => {
        const socket = await openRaw(victim);
        while (performance.now() < endMs && !socket.destroyed) {
          if (socket.writableLength === 0) socket.write(frames);
          await sleep(1);
        }
        socket.destroy();
      };
      await Promise.all(Array.from({ length: 10 }, flood));
    }, TEDIOUS_BYTES));
});
