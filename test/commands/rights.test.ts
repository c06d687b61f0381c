/** Folders and files of another user: what who may not read or write them is told, and can do. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { ask } from '../support/client.js';
import { freePort, makeTransaction, PROJECT, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import type { Result } from '../support/program.js';

/** Runs a command as a user who owns nothing here. */
const AS_SOMEBODY = ['--reuid=1234', '--regid=1234', '--clear-groups'];
const WITH_USERS = {
  skip:
    spawnSync('setpriv', [...AS_SOMEBODY, 'test', '-r', join(PROJECT, 'lib/log.js')]).status !==
      0 && 'no other user can be here, or none may read the project',
};

test(
  'who may not read or change a file is told so in one line, and nothing is done',
  WITH_USERS,
  () =>
    withHostedNodes(async (network) => {
      await network.open();
      await network.run(['clone-node.js']);
      const as = (folder: string, ...args: string[]) =>
        network.start([...AS_SOMEBODY, process.execPath, ...args], folder, 'setpriv').result();
      const checkLine = async (run: Promise<Result>, says: RegExp) => {
        const { code, stdout, stderr } = await run;
        assert.match(stderr, says);
        assert.deepEqual([code, stdout], [1, '']);
      };
      const may = (mode: number, file: string) => fs.chmod(network.path(file), mode);
      await checkLine(
        as('.', 'delete-nodes.js'),
        /^node-2 is not deleted: this user may not read or write it\n$/,
      );
      await checkLine(
        as('.', 'clone-node.js'),
        /^Cannot clone node-1: this user may not read or write it\n$/,
      );
      await checkLine(
        as('node-2', 'index.js'),
        /^node-2\/(blocks|transactions)\.json cannot be opened: [^\n]+\n$/,
      );
      await may(0o400, 'node-2/known-peers.json');
      await checkLine(
        as('node-2', 'index.js'),
        /^node-2\/known-peers\.json cannot be read \([^\n]+\n$/,
      );
      await may(0o400, 'node-2/.env');
      const says = /^node-2\/\.env cannot be read: this user may not read or write it\n$/;
      await checkLine(as('node-2', 'index.js'), says);
      await checkLine(as('.', 'start-nodes.js', '--nodes', '2'), says);
      assert.ok(await fs.pathExists(network.path('node-2/index.js')));
    }),
);

test(
  'a node runs in a folder that takes no other file, and its pool gets smaller',
  WITH_USERS,
  () =>
    withHostedNodes(async (network) => {
      await network.open();
      const port = await freePort();
      await network.addNode('node-1', port, []);
      await network.write('node-1/blocks.json', '');
      await network.write('node-1/peers.json', '[]');
      for (const file of ['transactions', 'blocks', 'peers']) {
        await fs.chown(network.path(`node-1/${file}.json`), 1234, 1234);
      }
      const args = [...AS_SOMEBODY, process.execPath, 'index.js'];
      const node = network.start(args, 'node-1', 'setpriv');
      await until('it to run', () => node.stdout.includes('] listening: '));
      const address = `ws://localhost:${port}`;
      for (const id of ['one', 'two']) await ask(address, makeTransaction(id));
      assert.equal((await network.run(['add-block.js', '--address', address])).code, 0);
      await until('an empty pool', async () => {
        return (await network.read('node-1/transactions.json')) === '[\n]\n';
      });
      await ask(address, makeTransaction('three'));
      await node.close();
      const pool = await fs.readJson(network.path('node-1/transactions.json'));
      assert.deepEqual(pool, [makeTransaction('three')]);
    }),
);
