/** A crowd that asks for pages. */

import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connectRaw, listenTo, request } from '../support/frames.js';
import { until } from '../support/helpers.js';
import { underAttack, underSiege } from '../support/load.js';
import type { NodeProcess } from '../support/program.js';

/** How often each page is read, how many more are asked for, and how many of those together. */
const READINGS = 50;
const UNREAD = 500;
const AT_ONCE = 25;
const CUT = ['CONNECT a:1', 'GET /cytoscape.mjs', 'GET /events', 'POST /', 'OPTIONS *', 'X'];

/** Reads a page, again if the crowd has pushed us out. */
function readHealth(node: NodeProcess): Promise<void> {
  return until('an answer', async () => {
    const socket = await connectRaw(node);
    const answer = listenTo(socket);
    socket.write(request('GET /healthz HTTP/1.1'));
    await until('an answer, or its end', () => answer.text !== '' || answer.isEnded);
    socket.destroy();
    return answer.text !== '';
  });
}

describe('sieges with HTTP', { concurrency: 2 }, () => {
  test('a connection that is reset while it is answered harms nobody', () =>
    underAttack(async ({ victim }) => {
      for (const line of CUT) {
        for (const upgrade of ['', 'upgrade: websocket\r\nconnection: upgrade\r\n']) {
          for (let i = 0; i < 20; i++) {
            const socket = await connectRaw(victim);
            socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`);
            if (i % 2 === 0) await nextTurn();
            socket.resetAndDestroy();
          }
        }
      }
    }));

  test('a crowd that asks for pages, and reads them or not, keeps nobody waiting', () =>
    underSiege(async ({ victim }) => {
      const paths = ['/status', '/metrics', '/cytoscape.mjs', '/', '/events', '/nowhere'];
      const readers = paths.map(async (path) => {
        for (let i = 0; i < READINGS; i++) {
          const socket = await connectRaw(victim);
          const answer = listenTo(socket);
          socket.write(request(`GET ${path} HTTP/1.1`));
          await until('an answer, or its end', () => answer.text !== '' || answer.isEnded);
          socket.destroy();
        }
      });
      const others: Socket[] = [];
      while (others.length < UNREAD) {
        const socket = await connectRaw(victim);
        socket.write(request('GET /cytoscape.mjs HTTP/1.1').repeat(100));
        others.push(socket);
        // As fast as the node takes them: a busy machine is no larger crowd.
        if (others.length % AT_ONCE === 0) await readHealth(victim);
      }
      await Promise.all(readers);
      for (const socket of others) socket.destroy();
    }));
});
