import { test } from 'node:test';
import { Network } from './helpers.js';
import { stories } from './stories.js';

for (const [index, { title, check }] of stories.entries()) {
  test(`story ${index + 1}: ${title}`, async () => {
    const network = await Network.create();
    try {
      await check(network);
    } finally {
      await network.close();
    }
  });
}
