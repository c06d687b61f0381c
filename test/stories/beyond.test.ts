import { test } from 'node:test';
import { withNetwork } from '../support/network.js';
import { beyondStories } from './beyond.js';

for (const { asks, check } of beyondStories) {
  test(`beyond the exercise: ${asks}`, () => withNetwork(check));
}
