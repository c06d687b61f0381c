/** What the commands make of node folders as people leave them: running, linked, in any encoding. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { nodeNameOf } from '../../lib/commands/node-names.js';
import { readKnownPeers } from '../../lib/peers/index.js';
import { loadSettings } from '../../lib/settings.js';
import { ask } from '../support/client.js';
import { failureOf, outcomeOfScript } from '../support/failing.js';
import { makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';

const SECRET = 'NETWORK_SECRET=one of sixteen characters';

test('a clone of a node that is a link, or has links in it, has files of its own', () =>
  withHostedNodes(async (network) => {
    await fs.move(network.path('node-1'), network.path('original'));
    await fs.symlink(network.path('original'), network.path('node-1'), 'junction');
    await network.write('settings', `PORT=5401\n${SECRET}\n`);
    await fs.remove(network.path('original/.env'));
    await fs.symlink(network.path('settings'), network.path('original/.env'));
    await network.write('original/transactions.json', '[{"id":"a"}]');
    const { stdout } = await network.run(['clone-node.js']);
    assert.equal(stdout, 'node-2 created, PORT 5402: start it with cd node-2 && node index.js\n');
    assert.equal(await network.read('node-2/.env'), `PORT=5402\n${SECRET}\n`);
    const known = await fs.readJson(network.path('node-2/known-peers.json'));
    assert.deepEqual(known, ['ws://localhost:5401', 'ws://localhost:5403']);
    assert.ok(!(await fs.lstat(network.path('node-2'))).isSymbolicLink());
    assert.equal(await network.read('settings'), `PORT=5401\n${SECRET}\n`);
    assert.equal(await network.read('original/transactions.json'), '[{"id":"a"}]');
    // A link is a node to all commands: it is not cloned over, nor is what it leads to deleted.
    await fs.symlink(network.path('original'), network.path('node-3'), 'junction');
    assert.match((await network.run(['clone-node.js'])).stdout, /^node-4 created, PORT 5404: /);
    const deleted = await network.run(['delete-nodes.js']);
    assert.equal(deleted.stdout, 'node-2 deleted\nnode-3 deleted\nnode-4 deleted\n');
    assert.equal(await network.read('original/transactions.json'), '[{"id":"a"}]');
  }));

test('node-1 on another port has a whole network there', () =>
  withHostedNodes(async (network) => {
    await network.write(
      'node-1/known-peers.json',
      '["ws://localhost:4001", "ws://localhost:4003"]\n',
    );
    await network.write('node-1/.env', 'PORT=5401\n');
    const before = await network.read('node-1/known-peers.json');
    const script = network.path('clone-node.js');
    assert.equal((await outcomeOfScript(script, ['--count', '0'])).code, 1);
    assert.equal(await network.read('node-1/known-peers.json'), before, 'nothing is done');
    const { stdout } = await network.run(['clone-node.js', '--count', '2']);
    const names = 'ws://localhost:5401 and ws://localhost:5403';
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'node-2 created, PORT 5402: start it with cd node-2 && node index.js',
      'node-3 created, PORT 5403: start it with cd node-3 && node index.js',
      `node-1/known-peers.json names ${names} now, because its PORT is 5401`,
    ]);
    for (const name of ['node-1', 'node-2', 'node-3']) {
      const known = await fs.readJson(network.path(name, 'known-peers.json'));
      assert.deepEqual(known, ['ws://localhost:5401', 'ws://localhost:5403'], name);
    }
    const own = '["ws://localhost:4001","ws://localhost:4003"]';
    await network.write('node-1/known-peers.json', own);
    await network.run(['clone-node.js']);
    assert.equal(await network.read('node-1/known-peers.json'), own, 'what a person wrote stays');
  }));

test('a clone has the settings of node-1, in whatever way its .env was saved', () =>
  withHostedNodes(async (network) => {
    for (const text of [
      `PORT=4001\r${SECRET}\r`,
      `${SECRET}\r\nPORT=4001\r\n`,
      `\uFEFFPORT=4001\n${SECRET}\n`,
      `export PORT=4001\n${SECRET}`,
    ]) {
      await network.write('node-1/.env', text);
      await cloneNode(network.root);
      assert.equal(await network.read('node-2/.env'), `PORT=4002\n${SECRET}\n`);
      await fs.remove(network.path('node-2'));
    }
  }));

const UTF_16 = 'it has NUL bytes, as UTF-16 has: save it in UTF-8';

test('a .env in UTF-16 is refused by all, with the reason', () =>
  withHostedNodes(async (network) => {
    const content = Buffer.from(`\uFEFFPORT=4001\n${SECRET}\n`, 'utf16le');
    await fs.writeFile(network.path('node-1/.env'), content);
    for (const script of ['index.js', 'clone-node.js', 'start-nodes.js', 'add-transaction.js']) {
      const { code, stdout, stderr } =
        script === 'index.js'
          ? await network.run([script], 'node-1')
          : await outcomeOfScript(network.path(script), []);
      assert.equal(stderr, `node-1/.env cannot be read: ${UTF_16}\n`, script);
      assert.deepEqual([code, stdout], [1, ''], script);
    }
    const names = (await fs.readdir(network.root)).filter((name) => /clone-|^node-\d/.test(name));
    assert.deepEqual(names.sort(), ['clone-node.js', 'node-1'], 'nothing is cloned');
  }));

test('a .env in another encoding, or none at all, is told as such', () =>
  withHostedNodes(async (network) => {
    const file = network.path('node-1/.env');
    const read = () => failureOf(() => loadSettings(network.path('node-1'), {}));
    await fs.writeFile(file, Buffer.from('PORT=4001\n# f\xfcr uns\n', 'latin1'));
    assert.equal(await read(), 'node-1/.env cannot be read: it is not in UTF-8: save it in UTF-8');
    await fs.remove(file);
    await fs.mkdir(file);
    assert.equal(await read(), 'node-1/.env cannot be read: it is a folder');
  }));

test('a known-peers.json in UTF-16 is told as such', () =>
  withHostedNodes(async (network) => {
    const file = network.path('node-1/known-peers.json');
    await fs.writeFile(file, Buffer.from('\uFEFF["ws://localhost:4001"]', 'utf16le'));
    const said = await failureOf(() => readKnownPeers(network.path('node-1')));
    assert.ok(said.startsWith(`node-1/known-peers.json cannot be read (${UTF_16})`), said);
  }));

test('a .env of which a part would be lost in a clone is not cloned', () =>
  withHostedNodes(async (network) => {
    await network.write('node-1/.env', 'PORT=4001\nNETWORK_SECRET="of two lines\nPORT=4001"\n');
    const { code, stdout, stderr } = await network.run(['clone-node.js']);
    assert.match(stderr, /^node-1\/\.env: NETWORK_SECRET must|^Cannot clone node-1: /);
    assert.deepEqual([code, stdout], [1, '']);
  }));

test('npm run reset empties all nodes, after asking, and none while one runs', () =>
  withNetwork(async (network) => {
    await cloneNode(network.root);
    const files = ['transactions.json', 'peers.json', 'blocks.json'];
    const fill = async () => {
      for (const file of files) await network.write(`node-2/${file}`, '["kept"]');
    };
    await fill();
    const unasked = await network.run(['reset-nodes.js']);
    assert.deepEqual([unasked.code, unasked.stderr], [1, 'There is nobody to ask: say --yes\n']);

    const node = await network.startNode();
    await ask(node.address, makeTransaction('kept'));
    const refused = await network.run(['reset-nodes.js', '--yes']);
    assert.match(refused.stderr, /^Nothing is emptied: node-1 must be ended first, [^\n]+\n$/);
    assert.deepEqual([refused.code, (await node.pool()).length], [1, 1]);
    assert.equal(await network.read('node-2/blocks.json'), '["kept"]');

    await node.end();
    const { code, stdout } = await network.run(['reset-nodes.js', '--yes']);
    assert.deepEqual([code, stdout], [0, 'node-1 emptied\nnode-2 emptied\n']);
    for (const name of ['node-1', 'node-2']) {
      assert.equal(await network.read(`${name}/transactions.json`), '[]\n');
      const left = await fs.readdir(network.path(name));
      assert.ok(!left.includes('blocks.json') && !left.includes('peers.json'), left.join());
    }
  }));

test('npm run reset does at a terminal what it is answered', () =>
  withHostedNodes(async (network) => {
    for (const [answer, isEmptied] of [
      ['n', false],
      ['y', true],
    ] as const) {
      await network.write('node-1/transactions.json', '[{"id":"a"}]');
      const terminal = "script -qec 'node reset-nodes.js' /dev/null 0<> keyboard";
      const asking = network.start(['-c', `mkfifo keyboard; ${terminal}`], '.', 'bash');
      await until('the question', () => asking.stdout.includes('[y/N] '));
      await network.write('keyboard', `${answer}\n`);
      await asking.result();
      await fs.remove(network.path('keyboard'));
      assert.match(asking.stdout, /Empty the pools, chains and learnt peers of node-1\? \[y\/N\] /);
      assert.equal(
        (await network.read('node-1/transactions.json')) === '[]\n',
        isEmptied,
        asking.stdout,
      );
    }
  }));

test('a number of clones, and a node by its number or path', () =>
  withHostedNodes(async (network) => {
    const { stdout } = await network.run(['clone-node.js', '--count', '2']);
    assert.match(stdout, /^node-2 created, .*\nnode-3 created, .*\n$/);
    const node = await network.startNode('node-2');
    const told = await network.run(['add-transaction.js', '--node', '2']);
    assert.ok(told.stdout.startsWith(`${node.address} accepted `), told.stderr);
    for (const named of ['2', 'node-2', 'node-2/', './node-2', '.\\node-2\\']) {
      assert.equal(nodeNameOf(named), 'node-2');
    }
  }));
