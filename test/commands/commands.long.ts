/** add-transaction, and a node that does not read. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { DEADLINE_MS, freePort, until, within } from '../support/helpers.js';
import { idleProcess } from '../support/idle-process.js';
import { withNetwork } from '../support/network.js';

test('add-transaction waits for a node that does not read, in bounded memory', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    network.keep({ close: () => server.close() });
    let received = 0;
    const accepted = new Promise<() => void>((done) => {
      server.on('connection', (socket) => {
        socket.pause();
        socket.on('message', () => {
          received += 1;
        });
        done(() => socket.resume());
      });
    });

    const count = 400_000;
    const address = `ws://localhost:${port}`;
    const adding = network.start([
      'add-transaction.js',
      '--address',
      address,
      '--count',
      `${count}`,
    ]);
    const resume = await accepted;
    const { megabytes } = await idleProcess(adding.process.pid as number);
    assert.ok(megabytes < 150, `${megabytes} MB while the node does not read`);
    assert.ok(adding.isRunning);
    resume();
    assert.equal((await adding.result()).code, 0);
    assert.equal(received, count);
  }));

test('add-transaction to a node that is stopped can be interrupted', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const adding = network.start(['add-transaction.js', '--count', '100000000']);
    await until('a first transaction', async () => (await node.pool()).length > 0);
    node.process.kill('SIGSTOP');
    // Until then it still hands over what the system keeps on the way.
    await idleProcess(adding.process.pid as number);
    assert.equal(await within(DEADLINE_MS, adding.end('SIGINT')), 130);
    assert.match(adding.stdout, /^Interrupted: \S+ accepted \d+ of 100000000 transactions\n$/);
  }));
