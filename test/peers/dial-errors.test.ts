/** What a node says of a peer that it does not reach: what is known, and what it may be. */

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import fs from 'fs-extra';
import { Client } from '../support/client.js';
import { limitOpenFiles, ON_LINUX } from '../support/disk.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedBesideOne, withHostedNodes } from '../support/hosted.js';
import type { NodeProcess } from '../support/program.js';

/** Listens on a port, and does the same with each connection. */
async function serve(
  answer: (socket: Socket) => void,
): Promise<{ address: string; server: Server }> {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { address: `ws://localhost:${port}`, server };
}

const CASES: [what: string, answer: (socket: Socket) => void, says: string][] = [
  ...(
    [
      [301, 'it leads elsewhere, maybe to wss://'],
      [308, 'it leads elsewhere, maybe to wss://'],
      [200, 'it may be a node or a proxy that knows itself by another name, or another program'],
      [403, 'it may be a node or a proxy that knows itself by another name, or another program'],
      [404, 'it may be a node or a proxy that knows itself by another name, or another program'],
      [502, 'a proxy may be there, and no node behind it'],
      [503, 'a proxy may be there, and no node behind it'],
    ] as const
  ).map(([status, maybe]): (typeof CASES)[number] => [
    `status ${status}`,
    (socket) => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`),
    `it answers ${status}: ${maybe}`,
  ]),
  [
    'a greeting of another protocol',
    (socket) => socket.end('220 mail.example ESMTP\r\n'),
    'what listens there is another program, or it is wss://',
  ],
  ['nothing', (socket) => socket.end(), 'it hangs up: it may have no room, or it is wss://'],
  [
    'a reset',
    (socket) => socket.resetAndDestroy(),
    'it hangs up: it may have no room, or it is wss://',
  ],
];

test('a peer that answers as no node does is told of in words', () =>
  withHostedNodes(async (network) => {
    const served = await Promise.all(CASES.map(([, answer]) => serve(answer)));
    for (const { server } of served) network.keep({ close: () => void server.close() });
    const node = await network.startNode(
      'node-1',
      served.map(({ address }) => address),
    );
    for (const [index, [what, , says]] of CASES.entries()) {
      const line = `] unreachable: ${served[index]?.address} (${says}), again in `;
      await until(
        () => `a line about ${what}; it said: ${node.stdout}`,
        () => node.stdout.includes(line),
      );
    }
    assert.doesNotMatch(node.stdout, /Unexpected server response|Parse Error|socket hang up/);
  }));

test(
  'a node that can open no more files goes on, and takes callers when it can again',
  ON_LINUX,
  () =>
    withHostedBesideOne(async (network) => {
      const node = (await network.startNode()) as NodeProcess;
      const client = await Client.open(node.address);
      // The lowest number that is free is the one that the next file would get.
      const taken = new Set((await fs.readdir(`/proc/${node.process.pid}/fd`)).map(Number));
      await limitOpenFiles(
        node,
        [...Array(taken.size + 1).keys()].find((number) => !taken.has(number)) as number,
      );
      const other = await network.startNode('node-2', [node.address]);
      await until(
        () => `a caller that finds no room; it said: ${other.stdout}`,
        () =>
          /unreachable: \S+ \(it hangs up: it may have no room, or it is wss/.test(other.stdout),
      );
      client.send(makeTransaction('meanwhile'));
      await until('a receipt', () => client.receipts.length === 1);
      assert.equal(client.receipts[0]?.status, 'accepted');
      await limitOpenFiles(node, 1024);
      await until('the caller to be let in', () => other.stdout.includes('] connected: '));
      assert.ok(node.isRunning);
      assert.equal(node.stderr, '');
      client.socket.terminate();
    }),
);
