import { test } from 'node:test';
import { newSeed } from '../support/property.js';
import { runChaos } from './chaos.js';

const SECONDS = 30;
const NODES = 5;

test('nor is one broken in half a minute of them', async (t) => {
  const seed = newSeed(t);
  t.diagnostic(
    `replay it with npm run chaos -- --seed ${seed} --seconds ${SECONDS} --nodes ${NODES}`,
  );
  await runChaos(seed, SECONDS, NODES, (line) => t.diagnostic(line));
});
