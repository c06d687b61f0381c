import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from '../lib/token-bucket.js';
import { checkProperty } from './support/property.js';

test('a token bucket gives its depth at once, then one a second', (t) => {
  checkProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 100 }),
      (depth, pausesMs) => {
        const bucket = new TokenBucket(depth, 0);
        let [nowMs, taken] = [0, 0];
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          if (bucket.take(nowMs)) taken += 1;
        }
        return taken <= depth + nowMs / 1000 && taken >= Math.min(depth, pausesMs.length);
      },
    ),
  );
});

test('a token bucket never holds more than its depth, however long it was left alone', () => {
  const bucket = new TokenBucket(3, 0);
  const taken = Array.from({ length: 10 }, () => bucket.take(1e6)).filter(Boolean);
  assert.equal(taken.length, 3);
});
