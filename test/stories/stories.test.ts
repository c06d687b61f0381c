import { test } from 'node:test';
import { withNetwork } from '../support/network.js';
import { stories } from './stories.js';

for (const [index, { title, check }] of stories.entries()) {
  test(`story ${index + 1}: ${title}`, () => withNetwork(check));
}
