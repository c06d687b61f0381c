/** HANDSHAKEs in numbers: addresses without end, crowds that name them, and frames without a pause. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { claimOf } from '../support/callers.js';
import { connectTo, freePort, say, until } from '../support/helpers.js';
import { underSiege } from '../support/load.js';
import type { Closable } from '../support/trap-servers.js';

/** New addresses that a node dials at once on the word of one source; then it is one a second. */
const BUDGET = 128;
/** Dials of a learnt address, before it is given up. */
const ATTEMPTS = 5;
const RECONNECTS = 50;
/** As many as a node lets in that claim an address, and then some. */
const CROWD = 300;

const handshake = (data: unknown[]) => JSON.stringify({ type: 'HANDSHAKE', data });

/** Servers that end every connection at once, and count. */
class Slammers implements Closable {
  readonly dialled = new Map<string, number>();
  readonly addresses: string[] = [];
  readonly #servers: Server[] = [];

  static async open(count: number): Promise<Slammers> {
    const slammers = new Slammers();
    for (let i = 0; i < count; i++) await slammers.#listen(await freePort());
    return slammers;
  }

  get total(): number {
    return [...this.dialled.values()].reduce((sum, each) => sum + each, 0);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  #listen(port: number): Promise<void> {
    const address = `ws://localhost:${port}`;
    this.addresses.push(address);
    const server = createServer((socket) => {
      this.dialled.set(address, (this.dialled.get(address) ?? 0) + 1);
      socket.on('error', () => {}).destroy();
    });
    this.#servers.push(server);
    return new Promise((done) => server.listen(port, '127.0.0.1', done));
  }
}

describe('sieges with handshakes', { concurrency: 2 }, () => {
  test('10,000 addresses, again and again, lead to no more dials than the budget of one source', () =>
    underSiege(async ({ network, victim }) => {
      const slammers = network.keep(await Slammers.open(400));
      const dead = Array.from({ length: 9600 }, (_, i) => `ws://127.1.${i >> 8}.${i & 255}:9`);
      const startMs = performance.now();
      for (let i = 0; i < RECONNECTS; i++) {
        const turn = (i * 40) % slammers.addresses.length;
        const turned = [...slammers.addresses.slice(turn), ...slammers.addresses.slice(0, turn)];
        const claim = i % 2 === 0 ? {} : claimOf(turned[0] as string);
        const socket = await connectTo(victim.address, claim);
        socket.send(handshake([...turned, ...dead]));
        const closed = new Promise((finished) => socket.once('close', finished));
        socket.close();
        await closed;
      }
      await until('most of the budget to be spent', () => slammers.dialled.size >= BUDGET - 8);
      await sleep(5000);
      const most = BUDGET + (performance.now() - startMs) / 1000 + 1;
      const { size } = slammers.dialled;
      assert.ok(size <= most, `${size} addresses dialled, ${most} allowed`);
      const { total } = slammers;
      assert.ok(total <= ATTEMPTS * most, `${total} dials, of ${size} addresses`);
    }));

  test('many who each name a thousand long addresses are not remembered with all of them', () =>
    underSiege(async ({ victim }) => {
      const sockets: WebSocket[] = [];
      for (let i = 0; i < CROWD; i++) {
        const far = Array.from({ length: 999 }, (_, n) => `ws://${i}-${n}-${'x'.repeat(1000)}`);
        const socket = await connectTo(victim.address);
        sockets.push(socket);
        // Nobody dials that one: what is left is what is remembered.
        socket.send(handshake([`ws://10.0.0.1:${10_000 + i}`, ...far]));
        const answered = new Promise((done) => socket.once('pong', done).once('close', done));
        socket.ping();
        await answered;
      }
      for (const socket of sockets) socket.terminate();
    }));

  test('a crowd that names one address each, where nobody listens, leaves the terminal legible', () =>
    underSiege(async ({ victim }) => {
      for (let i = 0; i < CROWD; i++) {
        await say(victim.address, handshake([`ws://127.9.9.9:${10_000 + i}`]));
      }
      // The first dials fail again and again meanwhile.
      await sleep(5000);
    }));

  test('one HANDSHAKE after the other does not keep others from being heard', () =>
    underSiege(async ({ victim }) => {
      const endMs = performance.now() + 5000;
      const frames = Array.from({ length: 20 }, (_, i) =>
        handshake(Array.from({ length: 1000 }, (_, n) => `ws://127.${i}.1.1:${10_000 + n}`)),
      );
      const flood = async () => {
        const socket = await connectTo(victim.address);
        for (let i = 0; performance.now() < endMs && socket.readyState === WebSocket.OPEN; i++) {
          if (socket.bufferedAmount < 1024 * 1024) socket.send(frames[i % 20] as string);
          else await sleep(5);
        }
        socket.terminate();
      };
      await Promise.all(Array.from({ length: 10 }, flood));
    }));
});
