import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ours, POOL, play, playAtRandom, texts, theirs, WORKERS } from '../support/chain-crash.js';
import { killAtSteps } from '../support/chain-kills.js';

test('kills while a fork replaces a part of the chain cost no transaction', async (t) => {
  await playAtRandom(t, { ours: ours(105), theirs: theirs(140), pool: POOL }, 2);
});

test('nor does a kill in the midst of some of the writes for it', async (t) => {
  const scene = { ours: ours(3), theirs: theirs(70), pool: texts('pooled', 'theirs 3') };
  const remains = await play(t, (worker) => killAtSteps(scene, 3 + 9 * worker, 9 * WORKERS));
  assert.ok(remains.length > 1, `${remains.length} kills`);
});
