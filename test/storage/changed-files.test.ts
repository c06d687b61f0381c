/** What people do to the files of a node that runs: it writes over nothing, and accepts nothing that is not there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { grow, text, trunkTo } from '../support/chain.js';
import { addBlock } from '../support/chain-checks.js';
import { askStatus, Client } from '../support/client.js';
import { isJson, makeTransaction, say, until } from '../support/helpers.js';
import { visit } from '../support/http.js';
import { type Network, withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

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

async function startWithOne(network: Network): Promise<NodeProcess> {
  const node = await network.startNode();
  assert.deepEqual(await askStatus(node.address, makeTransaction('first')), ['accepted']);
  return node;
}

for (const [how, change] of Object.entries(changes)) {
  test(`a pool that was ${how} is left so; nothing more is accepted until a new start`, () =>
    withNetwork(async (network) => {
      const node = await startWithOne(network);
      await change(network.path(POOL));
      const left = await network.read(POOL);
      const client = await Client.open(node.address);
      client.send(makeTransaction('second'));
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
      const again = await network.restart(node);
      assert.deepEqual(await askStatus(again.address, makeTransaction('second')), ['accepted']);
      assert.ok(isJson(await network.read(POOL)));
    }));
}

test('a pool and a chain that were removed are written back, with all that was in them', () =>
  withNetwork(async (network) => {
    const node = await startWithOne(network);
    await fs.remove(network.path(POOL));
    assert.deepEqual(await askStatus(node.address, makeTransaction('second')), ['accepted']);
    assert.deepEqual(await node.pool(), ['first', 'second'].map(makeTransaction));
    assert.ok(node.stdout.includes('written back: node-1/transactions.json, which somebody had'));
    await fs.remove(network.path('node-1/blocks.json'));
    await addBlock(network, node);
    assert.equal((await fs.readJson(network.path('node-1/blocks.json'))).length, 2);
  }));

test('a node whose folder was replaced writes nothing into the new one', () =>
  withNetwork(async (network) => {
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
  withNetwork(async (network) => {
    const node = await startWithOne(network);
    const chain = grow(trunkTo(0), [text('of a person')]);
    await fs.writeFile(network.path('node-1/blocks.json'), JSON.stringify(chain));
    const left = await network.read('node-1/blocks.json');
    network.start(['add-block.js']);
    await until('a line', () =>
      node.stdout.includes(
        'not read: the latest block (somebody else has changed it: end this node',
      ),
    );
    assert.equal(await network.read('node-1/blocks.json'), left);
  }));
