/** What people do to the files of a node that runs: it writes over nothing, and accepts nothing that is not there. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fs from 'fs-extra';
import { getLatestBlockFrame } from '../../lib/wire/block-messages.js';
import { addBlock } from '../support/block-maker.js';
import { grow, text, trunkTo } from '../support/chain.js';
import { ChainClient } from '../support/chain-client.js';
import { askStatus, Client } from '../support/client.js';
import { freePort, isJson, makeTransaction, say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { type AnyNetwork, type Network, withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';

const POOL = 'node-1/transactions.json';
const OTHERS = '[{"id":"of a person"}]\n';

/** Each way to change a file. */
const changes: Record<string, (file: string) => Promise<unknown>> = {
  'written over': (file) => fs.writeFile(file, OTHERS),
  'replaced, as editors do': async (file) => {
    await fs.writeFile(`${file}.new`, OTHERS);
    await fs.rename(`${file}.new`, file);
  },
  'cut off': (file) => fs.truncate(file, 20),
  'added to': (file) => fs.appendFile(file, '\n\n'),
};

async function startWithOne<N extends RunningNode>(network: Network<N>): Promise<N> {
  const node = await network.startNode();
  assert.deepEqual(await askStatus(node.address, makeTransaction('first')), ['accepted']);
  return node;
}

test('a pool that somebody changes is left so, and nothing more is accepted until a new start:', (t) =>
  withNetwork(async (network) => {
    let node = await startWithOne(network);
    for (const [how, change] of Object.entries(changes)) {
      await t.test(how, async () => {
        await change(network.path(POOL));
        const left = await network.read(POOL);
        const client = await Client.open(node.address);
        const more = makeTransaction(how);
        client.send(more);
        await until('a line', () =>
          node.stdout.includes(
            'not saved: node-1/transactions.json (somebody else has changed it: end this node, and start it again)',
          ),
        );
        assert.equal((await visit(node, '/healthz')).status, 503);
        assert.deepEqual(client.receipts, [], 'no receipt');
        assert.equal(await network.read(POOL), left);
        client.socket.terminate();
        await node.end('SIGINT');
        assert.equal(await network.read(POOL), left);
        node = await network.restart(node);
        assert.deepEqual(await askStatus(node.address, more), ['accepted']);
        assert.ok(isJson(await network.read(POOL)));
      });
    }
  }));

test('a pool and a chain that were removed are written back, with all that was in them', () =>
  withHostedNodes(async (network) => {
    const node = await startWithOne(network);
    await fs.remove(network.path(POOL));
    assert.deepEqual(await askStatus(node.address, makeTransaction('second')), ['accepted']);
    assert.deepEqual(await node.pool(), ['first', 'second'].map(makeTransaction));
    assert.ok(node.stdout.includes('written back: node-1/transactions.json, which somebody had'));
    await fs.remove(network.path('node-1/blocks.json'));
    await addBlock(node);
    assert.equal((await fs.readJson(network.path('node-1/blocks.json'))).length, 2);
  }));

test('a node whose folder was replaced writes nothing into the new one', () =>
  withHostedNodes(async (network) => {
    const node = await startWithOne(network);
    await fs.move(network.path('node-1'), network.path('aside'));
    await fs.mkdir(network.path('node-1'));
    const client = await Client.open(node.address);
    client.send(makeTransaction('second'));
    await until('a line', () =>
      node.stdout.includes('not saved: node-1/transactions.json (its folder is gone)'),
    );
    const peer = await network.trap();
    await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
    await until('another line', () =>
      node.stdout.includes('not saved: node-1/peers.json (its folder is gone)'),
    );
    assert.deepEqual(client.receipts, []);
    assert.deepEqual(await fs.readdir(network.path('node-1')), []);
    client.socket.terminate();
  }));

test('a chain that was changed is left so, and no block is accepted', () =>
  withHostedNodes(async (network) => {
    const node = await startWithOne(network);
    const chain = grow(trunkTo(0), [text('of a person')]);
    await fs.writeFile(network.path('node-1/blocks.json'), JSON.stringify(chain));
    const left = await network.read('node-1/blocks.json');
    const client = await ChainClient.open(node.address);
    client.socket.send(getLatestBlockFrame());
    await until('a line', () =>
      node.stdout.includes(
        'not read: the latest block (somebody else has changed it: end this node',
      ),
    );
    assert.equal(await network.read('node-1/blocks.json'), left);
    client.close();
  }));

const AS_ROOT = { skip: process.getuid?.() !== 0 && 'another owner takes root' };

test('a file that is replaced keeps its owner, its mode and its link', AS_ROOT, () =>
  withHostedNodes(async (network) => {
    const files = { 'transactions.json': '[]', 'peers.json': '[]' };
    const port = await freePort();
    await network.addNode('node-1', port, []);
    for (const [name, content] of Object.entries(files)) {
      await fs.outputFile(network.path('elsewhere', name), content);
      const [target, link] = [network.path('elsewhere', name), network.path('node-1', name)];
      await fs.chown(target, 1234, 1234);
      await fs.chmod(target, 0o600);
      await fs.remove(link);
      await fs.symlink(target, link);
    }
    const node = await network.launch('node-1', port).listening();
    const peer = await network.trap();
    await say(node.address, { type: 'HANDSHAKE', data: [peer.address] });
    await leaveThePool(network, node);
    await until('the peer in the file', async () =>
      (await network.read('elsewhere/peers.json')).includes(peer.address),
    );
    for (const name of Object.keys(files)) {
      const { uid, gid, mode } = await fs.stat(network.path('elsewhere', name));
      assert.deepEqual([uid, gid, mode & 0o777], [1234, 1234, 0o600], name);
      assert.ok((await fs.lstat(network.path('node-1', name))).isSymbolicLink(), name);
    }
    assert.deepEqual(
      (await fs.readdir(network.path('elsewhere'))).sort(),
      Object.keys(files).sort(),
    );
  }),
);

const WITH_MOUNTS = {
  skip: spawnSync('unshare', ['-m', 'true']).status !== 0 && 'nothing can be mounted here',
};

test('a pool that is mounted into the folder gets smaller too', WITH_MOUNTS, () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write('volume', '[]\n');
    await network.write(POOL, '[]\n');
    const mounted = ['-m', 'sh', '-c', 'mount --bind "$0" "$1" && exec node index.js'];
    const node = network.start(
      [...mounted, network.path('volume'), network.path(POOL)],
      'node-1',
      'unshare',
    );
    await until('it to run', () => node.stdout.includes('] listening: '));
    await leaveThePool(network, { address: `ws://localhost:${port}` }, 'volume');
    assert.deepEqual(await askStatus(`ws://localhost:${port}`, makeTransaction('later')), [
      'accepted',
    ]);
    assert.deepEqual(await fs.readJson(network.path('volume')), [makeTransaction('later')]);
    const beside = (await fs.readdir(network.path('node-1'))).filter((name) => /^tr/.test(name));
    assert.deepEqual(beside, ['transactions.json']);
    await node.close();
  }),
);

test('a name that a person gave the pool beside its own leads to it ever after', () =>
  withHostedNodes(async (network) => {
    const node = await startWithOne(network);
    await fs.link(network.path(POOL), network.path('other-name'));
    await leaveThePool(network, node, 'other-name');
    assert.deepEqual(await fs.readJson(network.path('other-name')), []);
  }));

/** Accepts some transactions, and puts them into a block; waits until they are gone from the file. */
async function leaveThePool(
  network: AnyNetwork,
  { address }: { readonly address: string },
  file = POOL,
): Promise<void> {
  for (const id of ['one', 'two']) await askStatus(address, makeTransaction(id));
  await addBlock({ address });
  await until('an empty pool', async () => (await network.read(file)) === '[\n]\n');
}
