/** Peers that are there for a moment only, again and again, and a node that has one for a known peer. */

import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { LIMITS } from '../../lib/limits.js';
import { backoffMs } from '../../lib/peers/backoff.js';
import { give, makeIds } from './client.js';
import { freePort, say, transactionMessage, until } from './helpers.js';
import { memoryOf } from './load.js';
import type { Network } from './network.js';

/** How much more than an honest node the one with the flapper may grow by. */
const MEMORY_BYTES = 100 * 1024 * 1024;
/** What may be printed at once, and in each second. */
const LINES = 40;
const LINES_PER_SECOND = 3;
const WARM_UP = 2000;

/** Ends each connection as soon as it is there. */
export function hangUp(): Server {
  return createServer((socket) => socket.destroy());
}

/** Takes the upgrade, and ends the connection with that. */
export function takeAnd(end: (socket: WebSocket) => void, headers: string[] = []): Server {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('headers', (lines) => lines.push(...headers));
  const server = createHttpServer();
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, end);
  });
  return server;
}

/** How often a node can dial an address that always fails, with the shortest wait each time. */
export function mostDials(elapsedMs: number): number {
  let dials = 0;
  for (let ms = 0; ms <= elapsedMs; dials++) ms += backoffMs(dials + 1, 0);
  return dials;
}

/**
 * Has a node live for a while with a known peer that is such a server, and checks that it dials it
 * again, though not too often, and that an honest peer notices nothing.
 *
 * @param allowedIn how many dials are allowed in so many milliseconds
 * @param meanwhile is done a hundred times a second
 */
export async function liveWith(
  network: Network,
  serverAt: (address: string) => Server,
  seconds: number,
  allowedIn = mostDials,
  meanwhile: (node: string, flapper: string) => void = () => {},
): Promise<void> {
  const port = await freePort();
  const address = `ws://localhost:${port}`;
  let dials = 0;
  const server = serverAt(address);
  network.keep({ close: () => void server.close() });
  server.on('connection', () => {
    dials += 1;
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));

  const peer = await network.trap();
  // Gets the same transactions, and knows nobody.
  const control = await network.startNode('node-2');
  const startedMs = performance.now();
  const node = await network.startNode('node-1', [address, peer.address]);
  await until('a connection', () => peer.openCallers.length === 1);
  const nodes = [node, control];
  for (const each of nodes) await give(each.address, makeIds('warm', WARM_UP));
  await until('the peer to have them', () => peer.received('TRANSACTION').length === WARM_UP);
  const memory = nodes.map(memoryOf);
  const said = node.stdout.length;
  const often = setInterval(() => meanwhile(node.address, address), 10);
  try {
    for (let told = WARM_UP + 1; performance.now() - startedMs < seconds * 1000; told++) {
      for (const each of nodes) await say(each.address, transactionMessage(`told ${told}`));
      await until('the peer to be told', () => peer.received('TRANSACTION').length === told);
      await sleep(1000);
    }
  } finally {
    clearInterval(often);
  }

  const elapsedMs = performance.now() - startedMs;
  assert.ok(dials >= 2, `${dials} dials`);
  assert.ok(dials <= allowedIn(elapsedMs), `${dials} dials in ${elapsedMs} ms`);
  assert.equal(peer.callers.length, 1, 'the honest peer was never lost');
  assert.equal(node.stderr, '');
  const lines = node.stdout.slice(said).split('\n').length;
  const allowed = LINES + (LINES_PER_SECOND * elapsedMs) / 1000;
  assert.ok(lines <= allowed, `${lines} lines: ${node.stdout.slice(said, said + 2000)}`);
  const [grown, grownControl] = nodes.map((each, i) => memoryOf(each) - (memory[i] as number));
  const more = (grown as number) - (grownControl as number);
  assert.ok(more < MEMORY_BYTES, `${more} more bytes of memory than an honest node`);
}

/** As many dials again: news of the flapper may cut short each wait that has become long enough. */
export function mostHurriedDials(elapsedMs: number): number {
  return 2 * mostDials(elapsedMs) + Math.ceil(elapsedMs / LIMITS.backoffLongestMs);
}
