import { test } from 'node:test';
import { newSeed } from '../support/property.js';
import { runChaos } from './chaos.js';

const SECONDS = 2;
const NODES = 3;

test('no receipt is broken by kills, stops, cuts and losses, and all pools end the same', async (t) => {
  const seed = newSeed(t);
  t.diagnostic(
    `replay it with npm run chaos -- --seed ${seed} --seconds ${SECONDS} --nodes ${NODES}`,
  );
  await runChaos(seed, SECONDS, NODES, (line) => t.diagnostic(line));
});
