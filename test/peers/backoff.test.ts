import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../lib/peers/backoff.js';
import { checkProperty } from '../support/property.js';

test('backoff doubles from one second to sixty, spread by half', (t) => {
  const middle = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => backoffMs(failures, 0.5) / 1000);
  assert.deepEqual(middle, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  checkProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, random) => {
        const [waitMs, middleMs] = [backoffMs(n, random), backoffMs(n, 0.5)];
        return waitMs >= 500 && waitMs >= middleMs * 0.5 && waitMs < middleMs * 1.5;
      },
    ),
  );
});
