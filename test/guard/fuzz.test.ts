import { test } from 'node:test';
import { newSeed } from '../support/helpers.js';
import { runFuzz } from './fuzz.js';

const SECONDS = 8;

test('no bytes make a node fail, or take in what is out of bounds', async (t) => {
  const seed = newSeed(t);
  t.diagnostic(`replay it with npm run fuzz -- --seed ${seed} --seconds ${SECONDS}`);
  await runFuzz(seed, SECONDS, (line) => t.diagnostic(line));
});
