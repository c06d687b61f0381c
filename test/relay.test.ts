/** How often a transaction travels. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { give, makeIds } from './client.js';
import { newSeed } from './helpers.js';
import { untilPoolsHold, withNetwork } from './network.js';

test('in a full mesh of ten, each node is sent each transaction once', (t) =>
  withNetwork(async (network) => {
    const { nodes, switchboard } = await network.startBehindSwitchboard(10);
    const first = newSeed(t);
    const ids = makeIds('t', 1000);
    await Promise.all(
      nodes.map(({ address }, node) => {
        const some = ids.filter((_, number) => (first + number * 7) % nodes.length === node);
        return give(address, some);
      }),
    );
    await untilPoolsHold(nodes, ids);
    const copies = switchboard.transactionCopies;
    t.diagnostic(`${copies} copies`);
    assert.ok(copies >= 9 * 1000 && copies <= 1.1 * 9 * 1000, `${copies} copies`);
  }));
