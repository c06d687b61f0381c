/** Commands whose lines nobody reads, or which are killed: what they do is done, and nothing is left. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { untilOneChain } from '../support/chain-checks.js';
import { freePort, isListening, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { type Network, withNetwork } from '../support/network.js';

/** Makes three node folders on free ports, that know nobody. */
async function addNodes(network: Network): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()];
  for (const [index, port] of ports.entries()) await network.addNode(`node-${index + 1}`, port, []);
  return ports;
}

async function untilNobodyListens(ports: number[]): Promise<void> {
  for (const port of ports)
    await until(`the end of ${port}`, async () => !(await isListening(port)));
}

test('npm start whose reader goes away ends its nodes, and says nothing more', () =>
  withNetwork(async (network) => {
    const ports = await addNodes(network);
    const command = 'set -o pipefail; node start-nodes.js | head -3';
    const { code, stdout, stderr } = await network.start(['-c', command], '.', 'bash').result();
    assert.equal(stdout.split('\n').length, 4);
    assert.deepEqual([code, stderr], [141, '']);
    await untilNobodyListens(ports);
  }));

test('npm start that is killed leaves no node behind', () =>
  withNetwork(async (network) => {
    const ports = await addNodes(network);
    const runner = network.start(['start-nodes.js']);
    for (const port of ports) await until('a node', () => isListening(port));
    await runner.end('SIGKILL');
    await untilNobodyListens(ports);
  }));

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
