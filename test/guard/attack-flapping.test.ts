/** Peers that are there for a moment only, again and again. */

import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { headerLines, identityHeaders } from '../../lib/peers/identity.js';
import { give, makeIds } from '../support/client.js';
import { freePort, say, transactionMessage, until } from '../support/helpers.js';
import { memoryOf } from '../support/load.js';
import { type Network, withNetwork } from '../support/network.js';

const TWO_MINUTES_MS = 120_000;
const MEMORY_BYTES = 50 * 1024 * 1024;
/** Three lines a second, and the dials. */
const LINES = 400;
/** How often one can dial in two minutes and wait 1, 2, 4 … 60 s between, give or take half. */
const DIALS = { fewest: 4, most: 9 };
/** And if each wait can be cut short once it is as long as the ones before taken together. */
const HURRIED_DIALS = { fewest: 4, most: 16 };

interface Flapper {
  readonly address: string;
  dials: number;
}

/** Ends each connection as soon as it is there. */
function hangUp(): Server {
  return createServer((socket) => socket.destroy());
}

/** Takes the upgrade, and ends the connection with that. */
function takeAnd(end: (socket: WebSocket) => void, headers: string[] = []): Server {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('headers', (lines) => lines.push(...headers));
  const server = createHttpServer();
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, end);
  });
  return server;
}

/**
 * Has a node live for two minutes with a known peer that is such a server, and see that it dials
 * it neither too often nor too rarely, and that to an honest peer all is as if nothing were.
 *
 * @param meanwhile is done a hundred times a second
 */
async function liveWith(
  network: Network,
  serverAt: (address: string) => Server,
  { fewest, most }: typeof DIALS,
  meanwhile: (node: string, flapper: string) => void = () => {},
): Promise<void> {
  const port = await freePort();
  const flapper: Flapper = { address: `ws://localhost:${port}`, dials: 0 };
  const server = serverAt(flapper.address);
  network.keep({ close: () => void server.close() });
  server.on('connection', () => {
    flapper.dials += 1;
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));

  const peer = await network.trap();
  const node = await network.startNode('node-1', [flapper.address, peer.address]);
  const untilMs = performance.now() + TWO_MINUTES_MS;
  await until('a connection', () => peer.openCallers.length === 1);
  await give(node.address, makeIds('warm', 2000));
  await until('the peer to have them', () => peer.received('TRANSACTION').length === 2000);
  const [memory, said] = [memoryOf(node), node.stdout.length];
  const often = setInterval(() => meanwhile(node.address, flapper.address), 10);
  try {
    for (let told = 2001; performance.now() < untilMs; told++) {
      await say(node.address, transactionMessage(`told ${told}`));
      await until('the peer to be told', () => peer.received('TRANSACTION').length === told, 5000);
      await sleep(1000);
    }
  } finally {
    clearInterval(often);
  }

  const lines = node.stdout.slice(said).split('\n').length;
  assert.ok(flapper.dials >= fewest && flapper.dials <= most, `${flapper.dials} dials`);
  assert.equal(peer.callers.length, 1, 'the honest peer was never lost');
  assert.equal(node.stderr, '');
  assert.ok(lines < LINES, `${lines} lines: ${node.stdout.slice(said, said + 2000)}`);
  const grownBytes = memoryOf(node) - memory;
  assert.ok(grownBytes < MEMORY_BYTES, `${grownBytes} more bytes of memory`);
}

describe('in two minutes, a known peer is dialled a few times only', { concurrency: 4 }, () => {
  test('that ends each connection', () =>
    withNetwork((network) => liveWith(network, hangUp, DIALS)));

  test('that takes each upgrade, and closes', () =>
    withNetwork((network) => liveWith(network, () => takeAnd((socket) => socket.close()), DIALS)));

  test('that does so and dials us a hundred times a second, to say that it is there', () =>
    withNetwork((network) =>
      liveWith(
        network,
        (address) => {
          const identity = identityHeaders('f'.repeat(32), address);
          return takeAnd((socket) => socket.terminate(), headerLines(identity));
        },
        HURRIED_DIALS,
        (node, flapper) => void say(node, { type: 'HANDSHAKE', data: [flapper] }).catch(() => {}),
      ),
    ));
});
