import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { WebSocketServer } from 'ws';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { outcomeOfScript } from '../support/failing.js';
import {
  DEADLINE_MS,
  freePort,
  isListening,
  onTerminal,
  until,
  within,
} from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { idleProcess } from '../support/idle-process.js';
import { withNetwork } from '../support/network.js';

test('every script explains itself with --help', () =>
  withHostedNodes(async (network) => {
    for (const [script, says] of [
      ['clone-node.js', /next free folder/],
      ['delete-nodes.js', /but node-1/],
      ['add-transaction.js', /--from NAME.*--to NAME.*--amount NUMBER.*--count N/s],
      ['start-nodes.js', /Ctrl-C ends them all/],
    ] as const) {
      const { code, stdout, stderr } = await outcomeOfScript(network.path(script), ['--help']);
      assert.match(stdout, /^Usage: /);
      assert.match(stdout, says);
      assert.deepEqual([code, stderr], [0, '']);
    }
  }));

test('a clone keeps the other settings of node-1, and takes no learnt peers along', () =>
  withHostedNodes(async (network) => {
    await network.write('node-1/.env', '# the first node\nOTHER=1\nPORT=4001\n');
    await network.write('node-1/peers.json', '["ws://localhost:4009"]');
    const { stdout } = await network.run(['clone-node.js']);
    assert.equal(stdout, 'node-2 created, PORT 4002: start it with cd node-2 && node index.js\n');
    assert.equal(await network.read('node-2/.env'), 'PORT=4002\n# the first node\nOTHER=1\n');
    await assert.rejects(network.read('node-2/peers.json'), { code: 'ENOENT' });
  }));

test('a clone has its own port in ADDRESS too', () =>
  withHostedNodes(async (network) => {
    const cases = [
      ['ADDRESS=10.0.0.1', 'ADDRESS=10.0.0.1'],
      ['ADDRESS=mesh.example:4001', 'ADDRESS=mesh.example:4002'],
      [' ADDRESS = "wss://mesh.example:443"', ' ADDRESS = "wss://mesh.example:4002"'],
      ['ADDRESS: mesh.example:4001', 'ADDRESS: mesh.example:4002'],
      ['export ADDRESS=[fd00::1]:4001', 'export ADDRESS=[fd00::1]:4002'],
      ['ADDRESS=fd00::4001', 'ADDRESS=fd00::4001'],
      ['OTHER_ADDRESS=mesh.example:4001', 'OTHER_ADDRESS=mesh.example:4001'],
    ];
    const text = (line?: string, port = 4001) => `PORT=${port}\n${line}\n`;
    for (const [original, expected] of cases) {
      await network.write('node-1/.env', text(original));
      await cloneNode(network.root);
      assert.equal(await network.read('node-2/.env'), text(expected, 4002));
      await fs.remove(network.path('node-2'));
    }
  }));

test('clones made at the same time get a folder each', () =>
  withHostedNodes(async (network) => {
    const numbers = [2, 3, 4, 5];
    // In one process, so that all of them do look for a free name at the same moment.
    const program = `
      import { cloneNode } from './lib/commands/node-folders.js';
      const made = await Promise.all([${numbers}].map(() => cloneNode(process.cwd())));
      console.log(made.map(({ name }) => name).sort().join());`;
    const { stdout } = await network.run(['--input-type=module', '-e', program]);
    assert.equal(stdout, 'node-2,node-3,node-4,node-5\n');
    for (const number of numbers) {
      assert.equal(await network.read(`node-${number}/.env`), `PORT=400${number}\n`);
    }
  }));

test('delete-nodes says what it deleted', () =>
  withHostedNodes(async (network) => {
    assert.match((await network.run(['delete-nodes.js'])).stdout, /^Nothing to delete/);
    await cloneNode(network.root);
    assert.equal((await network.run(['delete-nodes.js'])).stdout, 'node-2 deleted\n');
  }));

test('add-transaction says which node accepted which transaction: it is on disk then', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const args = ['--from', 'ann', '--to', 'ben', '--amount', '2.5'];
    const one = await network.run(['add-transaction.js', ...args]);
    const id = /^ws:\/\/localhost:\d+ accepted transaction ([0-9a-f]{64})\n$/.exec(one.stdout)?.[1];
    const [transaction] = await node.pool();
    assert.ok(transaction !== undefined);
    const { timeStamp, ...rest } = transaction;
    assert.deepEqual(rest, { id, fromAddress: 'ann', toAddress: 'ben', amount: 2.5, hash: id });
    assert.ok(Math.abs(Date.now() - Number(timeStamp)) < 60_000);

    const many = await network.run(['add-transaction.js', '--count', '2000']);
    const ids = (await node.pool()).map((each) => each.id);
    assert.equal(new Set(ids).size, 2001);
    assert.match(many.stdout, / accepted 2000 transactions in \d+\.\d s \(\d+\/s\), from /);
    assert.ok(many.stdout.endsWith(`from ${ids[1]} to ${ids[2000]}\n`));
    assert.equal(many.stdout.split('\n').length, 2, 'a plain line where there is no terminal');
  }));

test('add-transaction sends an amount as it was typed', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const amounts = ['12345678901234567890.1000000000000000055', '1.10'];
    for (const amount of amounts) {
      const { code } = await network.run(['add-transaction.js', '--amount', amount]);
      assert.equal(code, 0);
    }
    const sent = [...(await node.poolText()).matchAll(/"amount":([^,]+),/g)];
    assert.deepEqual(
      sent.map(([, amount]) => amount),
      amounts,
    );
  }));

test('add-transaction shows a progress bar on a terminal', () =>
  withHostedNodes(async (network) => {
    await network.startNode();
    const command = 'node add-transaction.js --count 500';
    const { code, stdout } = await network.start(onTerminal(command), '.', 'script').result();
    assert.equal(code, 0);
    assert.match(stdout, /=+ 100% \| 500 of 500 transactions/);
    assert.match(stdout, / accepted 500 transactions in /);
  }));

test('add-transaction that is interrupted says how far it came', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const adding = network.start(['add-transaction.js', '--count', '100000000']);
    await until('a first transaction', async () => (await node.pool()).length > 0);
    assert.equal(await adding.end('SIGINT'), 130);
    const said = /^Interrupted: \S+ accepted (\d+) of 100000000 transactions\n$/;
    const [, accepted] = said.exec(adding.stdout) ?? [];
    assert.equal((await node.pool()).length, Number(accepted));
  }));

test('add-transaction does not say that a silent node took what it was sent', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    network.keep({ close: () => server.close() });
    const paused = new Promise((done) => server.on('connection', (socket) => done(socket.pause())));
    const address = `ws://localhost:${port}`;
    const adding = network.start(['add-transaction.js', '--address', address]);
    await paused;
    // It has sent its one transaction, and waits for an answer to its close frame.
    await idleProcess(adding.process.pid as number);
    assert.equal(await within(DEADLINE_MS, adding.end('SIGINT')), 130);
    assert.equal(adding.stdout, `Interrupted: ${address} was sent 1 of 1 transactions\n`);
  }));

test('add-transaction does not take a node that closes early for one that took all', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    network.keep({ close: () => server.close() });
    server.on('connection', (socket) => socket.on('message', () => socket.close(1000)));
    const args = ['--address', `ws://localhost:${port}`, '--count', '400000'];
    const { code, stderr } = await network.run(['add-transaction.js', ...args]);
    assert.match(stderr, /did not take all \(code 1000\): \d+ of 400000 were sent\n$/);
    assert.equal(code, 1);
  }));

test('add-transaction inside a node folder is for that node, also without its ending', () =>
  withHostedNodes(async (network) => {
    await network.startNode();
    const node = await network.startNode('node-2');
    for (const script of ['add-transaction', './add-transaction.js']) {
      const { stdout } = await network.run([script], 'node-2');
      assert.ok(stdout.startsWith(`${node.address} accepted transaction `), stdout);
    }
    for (const [script, folder] of [
      ['node-2/add-transaction.js', '.'],
      ['../add-transaction.js', 'node-2'],
    ] as const) {
      const { stdout } = await network.run([script], folder);
      assert.ok(stdout.startsWith(`${node.address} accepted transaction `), stdout);
    }
  }));

test('add-transaction says so when the node dies under it', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const adding = network.start(['add-transaction.js', '--count', '100000000']);
    await until('a first transaction', async () => (await node.pool()).length > 0);
    await node.end('SIGKILL');
    const { code, stderr } = await adding.result();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^ws:\S+ did not take all \(the connection broke\): \d+ of 100000000 were accepted\n$/,
    );
  }));

test('npm start ends its nodes also when only npm gets the signal', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const npm = network.start(['start', '--', '--nodes', '1'], '.', 'npm');
    await until('a node', () => isListening(port));
    await npm.end('SIGTERM');
    await until('its end', async () => !(await isListening(port)));
  }));
