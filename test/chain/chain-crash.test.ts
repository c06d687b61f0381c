import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ours, play, texts, theirs } from '../support/chain-crash.js';
import { killAtSteps } from '../support/chain-kills.js';

test('a kill in the midst of some of the writes for a longer fork costs no transaction', async (t) => {
  const scene = { ours: ours(3), theirs: theirs(70), pool: texts('pooled', 'theirs 3') };
  const remains = await play(t, (worker) => killAtSteps(scene, 3 + 9 * worker, 27));
  assert.ok(remains.length > 1, `${remains.length} kills`);
});
