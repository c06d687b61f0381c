/** Nodes that run: who holds a folder, and what the commands do then. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { ask } from '../support/client.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';

test('delete-nodes deletes nothing while a node runs, and names it; --stop ends it first', () =>
  withNetwork(async (network) => {
    await cloneNode(network.root);
    const running = await network.startNode('node-3');
    const refused = await network.run(['delete-nodes.js']);
    assert.match(refused.stderr, /^Nothing is deleted: node-3 is running: [^\n]+\n$/);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    await ask(running.address, makeTransaction('kept'));
    assert.equal((await running.pool()).length, 1);

    const { code, stdout, stderr } = await network.run(['delete-nodes.js', '--stop']);
    assert.equal(stdout, 'node-3 ended\nnode-2 deleted\nnode-3 deleted\n');
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal((await running.result()).code, 0, 'it has left as by Ctrl-C');
  }));

test('delete-nodes --stop does not delete a node that does not answer', () =>
  withNetwork(async (network) => {
    await network.addNode('node-2', await freePort(), []);
    const stopped = await network.startNode('node-2');
    stopped.process.kill('SIGSTOP');
    const { code, stdout, stderr } = await network.run(['delete-nodes.js', '--stop']);
    assert.equal(
      stderr,
      'node-2 does not answer: look at its terminal, or at the container that it runs in\n',
    );
    assert.deepEqual([code, stdout], [1, '']);
    assert.ok(await fs.pathExists(network.path('node-2/index.js')));
  }));

test('a node says that it cannot keep out other containers where there is no command for it', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const path = `PATH=${network.path('nowhere')}`;
    const node = network.start([path, process.execPath, 'index.js'], 'node-1', 'env');
    await until('it to run', () => node.stdout.includes('] listening: '));
    assert.match(node.stdout, / \[\d+\] warning: node-1 is not locked for other containers: /);
  }));
