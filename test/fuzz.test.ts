import { test } from 'node:test';
import { runFuzz } from './fuzz.js';
import { newSeed } from './helpers.js';

const SECONDS = 8;

test('no bytes make a node fail, or take in what is out of bounds', async (t) => {
  const seed = newSeed(t);
  t.diagnostic(`replay it with npm run fuzz -- --seed ${seed} --seconds ${SECONDS}`);
  await runFuzz(seed, SECONDS, (line) => t.diagnostic(line));
});
