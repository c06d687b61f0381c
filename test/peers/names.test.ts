/** Names in addresses: what waits for a name server, and what must not. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Island, untilSays, whyNoIslands } from '../support/island.js';
import { withNetwork } from '../support/network.js';

const PORT = 4001;

describe('a name', { skip: whyNoIslands(), concurrency: 2 }, () => {
  test('that no name server answers for keeps nobody else waiting, nor the end of the node', () =>
    withNetwork(async (network) => {
      const island = await Island.create(network, { 'found.test': '127.0.0.3' });
      const silent = [1, 2, 3, 4, 5, 6].map((i) => `ws://silent${i}.test:${PORT}`);
      const others = [
        await island.startNode('node-2', PORT + 1, []),
        await island.startNode('node-3', PORT + 2, [], 'HOST=127.0.0.3', 'ADDRESS=found.test'),
      ];
      for (const each of others) await untilSays(each, /\] listening: /);
      const known = [...silent, `ws://localhost:${PORT + 1}`, `ws://found.test:${PORT + 2}`];
      const node = await island.startNode('node-1', PORT, known);
      await untilSays(node, /\] connected: ws:\/\/localhost:/);
      assert.doesNotMatch(node.stdout, /no name server/, 'at once');
      await untilSays(node, /\] connected: ws:\/\/found\.test:/);
      await untilSays(
        node,
        /\] unreachable: ws:\/\/silent\d\.test:4001 \(no name server answers\)/,
      );
      // This is how long whoever waits for such a lookup takes to end.
      const lookup = `require("dns").lookup("silent.test", () => {}); console.log("begun");`;
      const control = island.start(['-e', `${lookup} setImmediate(() => process.exit());`]);
      await untilSays(control, /begun/);
      node.process.kill('SIGINT');
      assert.equal(await node.result().then(({ code }) => code), 0);
      assert.ok(control.isRunning, 'the node has not waited');
    }));
});
