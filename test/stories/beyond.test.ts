import { test } from 'node:test';
import { withNetwork } from '../support/network.js';
import { beyondStories } from './beyond.js';

// The judge takes our node through all of them in the long tests; commands have tests of their own.
for (const { asks, check } of beyondStories.filter(({ isLong }) => !isLong)) {
  test(`beyond the exercise: ${asks}`, () => withNetwork(check));
}
