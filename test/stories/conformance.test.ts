import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { OUR_NODE, PROJECT } from '../support/helpers.js';
import { Program, type Result } from '../support/program.js';

/** A learner's node in plain JavaScript, run from its own folder; it never dials twice. */
const PLAIN_NODE = `
import { readFileSync, writeFileSync } from 'fs';
import WebSocket, { WebSocketServer } from 'ws';
import dotenv from 'dotenv';
dotenv.config({ quiet: true });

const knownPeers = JSON.parse(readFileSync('./known-peers.json'));
const transactions = JSON.parse(readFileSync('./transactions.json'));
const myAddress = 'ws://localhost:' + process.env.PORT;
const sockets = new Map();

new WebSocketServer({ port: process.env.PORT }).on('connection', (socket) => {
  socket.on('message', (text) => {
    const { type, data } = JSON.parse(text);
    if (type === 'HANDSHAKE') data.forEach(connect);
    else if (!transactions.some(({ hash, id }) => (id ?? hash) === (data.id ?? data.hash))) {
      transactions.push(data);
      writeFileSync('./transactions.json', JSON.stringify(transactions, null, 2));
      for (const peer of sockets.values()) peer.send(JSON.stringify({ type, data }));
    }
  });
});

function connect(address) {
  if (address === myAddress || sockets.has(address)) return;
  const socket = new WebSocket(address);
  sockets.set(address, socket);
  socket.on('open', () => {
    const data = [myAddress, ...sockets.keys()];
    socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
  });
  socket.on('close', () => sockets.delete(address));
  socket.on('error', () => sockets.delete(address));
}

knownPeers.forEach(connect);
`;

const conformance = (...args: string[]): Promise<Result> =>
  new Program([join(PROJECT, 'test/stories/conformance.js'), ...args], tmpdir()).result();

test('conformance tells of anybody’s node which stories hold, and why others do not', async () => {
  const folder = await fs.mkdtemp(join(tmpdir(), 'p2p-learner-'));
  try {
    const node = join(folder, 'solution', 'node-1');
    await fs.outputFile(join(folder, 'solution', 'package.json'), '{"type":"module"}');
    await fs.outputFile(join(node, 'index.js'), PLAIN_NODE);
    await fs.outputFile(join(node, '.env'), 'PORT=4001');
    await fs.outputFile(join(node, 'known-peers.json'), '["ws://localhost:4001"]');
    await fs.outputFile(join(node, 'transactions.json'), '[]');

    const { code, stdout } = await conformance(node, '1', '3', '4', '9', '10');
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.slice(0, 9)),
      ['pass   1.', 'pass   3.', 'pass   4.', 'pass   9.', 'FAIL  10.', '      the', '4 passed,'],
    );
    assert.equal(lines[5]?.trim(), 'there is no clone-node.js beside node-1');
    assert.equal(lines[6], '4 passed, 1 failed');
    assert.equal(code, 1);
    assert.deepEqual(await fs.readdir(node), [
      '.env',
      'index.js',
      'known-peers.json',
      'transactions.json',
    ]);
  } finally {
    await fs.remove(folder);
  }
});

test('conformance exits with 0 when all is well, and explains itself', async () => {
  const ours = await conformance(OUR_NODE, '01');
  assert.deepEqual([ours.code, ours.stderr], [0, '']);
  assert.match(ours.stdout, /^pass {3}1\..*\n1 passed, 0 failed\n$/);
  assert.match((await conformance('--help')).stdout, /^Usage: npm run conformance/);
  const nowhere = await conformance('/nowhere');
  assert.deepEqual(
    [nowhere.code, nowhere.stderr],
    [1, 'There is no index.js in /nowhere: name the folder of a compiled node-1\n'],
  );
  const noStory = await conformance(OUR_NODE, '99');
  assert.deepEqual(
    [noStory.code, noStory.stderr],
    [1, 'There is no story 99: they are numbered from 1 to 12\n'],
  );
});
