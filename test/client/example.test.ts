/** The example in docs/client.md does what that says, in a folder beside the node. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentedExample } from '../support/example.js';
import { withHostedNodes } from '../support/hosted.js';

test('the example in docs/client.md adds a transaction, reads it, and ends', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await network.write('example.mjs', documentedExample(node.address));
    const { code, stdout, stderr } = await network.run(['example.mjs']);
    assert.deepEqual([code, stderr], [0, '']);
    const [, id] = /^accepted ([0-9a-f]{64})\n1 null \{\n/.exec(stdout) ?? [];
    assert.deepEqual(
      (await node.pool()).map((each) => each.id),
      [id],
    );
  }));
