/** Commands whose lines nobody reads, or which are killed: what they do is done, and nothing is left. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { untilOneChain } from '../support/chain-checks.js';
import { freePort, isListening, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';

test('npm start whose reader goes away ends its nodes, and says nothing more', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const command = 'set -o pipefail; node start-nodes.js --no-lab --nodes 1 | head -2';
    const { code, stdout, stderr } = await network.start(['-c', command], '.', 'bash').result();
    assert.equal(stdout.split('\n').length, 3);
    assert.deepEqual([code, stderr], [141, '']);
    await untilNobodyListens(port);
  }));

test('npm start that is killed leaves no node behind', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const runner = network.start(['start-nodes.js', '--no-lab', '--nodes', '1']);
    await until('the node', () => isListening(port));
    await runner.end('SIGKILL');
    await untilNobodyListens(port);
  }));

function untilNobodyListens(port: number): Promise<void> {
  return until(`the end of ${port}`, async () => !(await isListening(port)));
}

test('a command whose reader goes away does all that it was asked for', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const blocks = 'set -o pipefail; node add-block.js --count 30 --empty | head -1';
    const made = await network.start(['-c', blocks], '.', 'bash').result();
    assert.deepEqual([made.code, made.stderr, made.stdout.split('\n').length], [0, '', 2]);
    await untilOneChain([node], 30);
    for (const number of [2, 3, 4, 5]) await fs.mkdir(network.path(`node-${number}`));
    const deleting = 'set -o pipefail; node delete-nodes.js | true';
    const { code, stderr } = await network.start(['-c', deleting], '.', 'bash').result();
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(!(await fs.pathExists(network.path('node-5'))));
    const full = 'node add-transaction.js > /dev/full && node clone-node.js > /dev/full';
    const unsaid = await network.start(['-c', full], '.', 'bash').result();
    assert.deepEqual([unsaid.code, unsaid.stderr], [0, '']);
    assert.equal((await node.pool()).length, 1);
  }));
