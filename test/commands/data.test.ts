/** Nodes that keep their files elsewhere: the code may be read-only, and serve any number of them. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { stopNode } from '../../lib/commands/stop-node.js';
import { ask } from '../support/client.js';
import { freePort, makeTransaction, PROJECT, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { untilFullMesh } from '../support/mesh.js';
import { type Network, withNetwork } from '../support/network.js';
import { NodeProcess } from '../support/program.js';

/** Root may write everywhere, so the nodes run as somebody else where that is possible. */
const SOMEBODY = 1234;
const AS_SOMEBODY = [`--reuid=${SOMEBODY}`, `--regid=${SOMEBODY}`, '--clear-groups'];
const CAN_BE_SOMEBODY =
  spawnSync('setpriv', [...AS_SOMEBODY, 'test', '-r', join(PROJECT, 'lib/log.js')]).status === 0;

/** Starts the node of node-1 with these settings in the environment. */
function start(network: Network, port: number, ...settings: string[]): NodeProcess {
  const command = ['env', ...settings, process.execPath, 'index.js'];
  const [program = '', ...args] = CAN_BE_SOMEBODY
    ? ['setpriv', ...AS_SOMEBODY, ...command]
    : command;
  const running = network.start(args, 'node-1', program);
  return network.keep(new NodeProcess('node-1', port, network.path('node-1'), running));
}

/** All that is in a folder, and when it was changed. */
async function stateOf(folder: string): Promise<string[]> {
  const names = (await fs.readdir(folder, { recursive: true })) as string[];
  return Promise.all(
    [folder, ...names.map((name) => join(folder, name))].map(
      async (path) => `${path} ${(await fs.stat(path)).mtimeMs}`,
    ),
  );
}

test('two nodes run from one read-only folder without .env, each with its DATA, and lose nothing', () =>
  withNetwork(async (network) => {
    await network.open();
    const folder = network.path('node-1');
    const ports = [await freePort(), await freePort()];
    await network.write('node-1/known-peers.json', `["ws://localhost:${ports[0]}"]`);
    await fs.remove(join(folder, '.env'));
    await fs.chmod(folder, 0o555);
    const before = await stateOf(folder);
    const data = network.path('data');
    await fs.mkdir(data);
    await fs.chmod(data, 0o777);
    const startOne = (index: number) =>
      start(network, ports[index] ?? 0, `PORT=${ports[index]}`, `DATA=${data}/nodes/${index}`);
    const nodes = [await startOne(0).listening(), await startOne(1).listening()];
    await untilFullMesh(nodes);
    for (const [index, node] of nodes.entries()) {
      await ask(node.address, makeTransaction(`to ${index}`));
      const says = `0 transactions in the pool, its files are in ${data}/nodes/${index}; `;
      assert.ok(node.stdout.includes(`${says}PORT, DATA from the environment\n`), node.stdout);
    }

    const [first, second] = nodes as [NodeProcess, NodeProcess];
    const again = await startOne(0).result();
    const taken = '0 is running already: end that one first, or clone another node\n';
    assert.deepEqual([again.code, again.stderr], [1, taken]);
    await first.end('SIGKILL');
    await startOne(0).listening();
    const pool = await fs.readFile(`${data}/nodes/0/transactions.json`, 'utf8');
    assert.match(pool, /"id":"to 0"/);
    await second.end('SIGTERM');
    const files = await fs.readdir(`${data}/nodes/1`);
    assert.deepEqual(files.sort(), ['blocks.json', 'peers.json', 'transactions.json']);
    assert.deepEqual(
      await stateOf(folder),
      before,
      'nothing in the folder of the code has changed',
    );
    await fs.chmod(folder, 0o755);
  }));

test('a known-peers.json in DATA goes before the one in the folder of the node', () =>
  withHostedNodes(async (network) => {
    const peer = await network.trap();
    const port = await freePort();
    await network.addNode('node-1', port, ['ws://localhost:1']);
    await fs.appendFile(network.path('node-1/.env'), 'DATA=../kept\n');
    await fs.outputJson(network.path('kept/known-peers.json'), [peer.address]);
    const node = await network.launch('node-1', port).listening();
    await until('a connection', () => peer.openCallers.length > 0);
    assert.doesNotMatch(node.stdout, /localhost:1\b/);
  }));

test('commands find the files of a node by the DATA in its .env, which a clone does not get', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await fs.appendFile(network.path('node-1/.env'), 'DATA=../kept\n');
    await fs.ensureDir(network.path('kept'));
    await cloneNode(network.root);
    assert.equal(await network.read('node-2/.env'), `PORT=${port + 1}\n`);

    const node = await network.launch('node-1', port).listening();
    await ask(node.address, makeTransaction('kept'));
    const running = await network.run(['reset-nodes.js', '--yes']);
    assert.equal(running.stderr, 'Nothing is emptied: node-1 must be ended first, with Ctrl-C\n');
    await stopNode(network.path('node-1'));
    assert.match(await network.read('kept/transactions.json'), /"id":"kept"/);
    assert.equal(await network.read('node-1/transactions.json'), '[]\n');
    const { code } = await network.run(['reset-nodes.js', '--yes']);
    assert.equal(code, 0);
    assert.equal(await network.read('kept/transactions.json'), '[]\n');
  }));

test('a DATA that can be no folder ends the node with one line', () =>
  withNetwork(async (network) => {
    await network.open();
    await network.write('file', '');
    const data = network.path('file/data');
    const { code, stdout, stderr } = await start(
      network,
      0,
      `PORT=${await freePort()}`,
      `DATA=${data}`,
    ).result();
    assert.equal(stderr, `The folder ${data} cannot be made: its folder is no folder\n`);
    assert.deepEqual([code, stdout], [1, '']);
  }));
