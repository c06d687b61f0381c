/** Connections that are opened in numbers, and for nothing. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { connectRaw, openRaw } from '../support/frames.js';
import { connectTo, transactionMessage, until } from '../support/helpers.js';
import { keepsItsPeer, type Loaded, underLoad } from '../support/load.js';
import { connectedAddressesOf } from '../support/mesh.js';
import type { RunningNode } from '../support/program.js';

const CROWD = 1000;
/** How many are opened at a time, fewer than may wait for their upgrade. */
const AT_ONCE = 50;
const PENDING = 128;
const CLIENTS = 128;
const CLAIMANTS = 384;
/** Room for what the load itself opens meanwhile. */
const OTHERS = 16;
const SLACK_MS = 10_000;

/** WebSockets to a node, and the codes with which it has closed some of them. */
class Callers {
  readonly codes: number[] = [];
  readonly #sockets: WebSocket[] = [];

  static async open(
    node: RunningNode,
    size: number,
    headersOf: (number: number) => Record<string, string> = () => ({}),
    greetingOf?: (number: number) => string,
  ): Promise<Callers> {
    const crowd = new Callers();
    for (let first = 0; first < size; first += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, size - first) }, (_, i) => first + i);
      await Promise.all(
        numbers.map(async (number) => {
          const socket = await connectTo(node.address, headersOf(number));
          socket.on('close', (code) => crowd.codes.push(code));
          crowd.#sockets.push(socket);
          if (greetingOf !== undefined) socket.send(greetingOf(number));
        }),
      );
    }
    return crowd;
  }

  get open(): number {
    return this.#sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  closedWith(code: number): number {
    return this.codes.filter((each) => each === code).length;
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

function countOpen(sockets: readonly Socket[]): number {
  // Only who reads hears of the end.
  return sockets.filter((socket) => !socket.resume().destroyed).length;
}

async function admitsACommand({ network }: Loaded): Promise<void> {
  const { code, stderr } = await network.run(['add-transaction.js']);
  assert.equal(code, 0, stderr);
}

function claimOf(number: number): Record<string, string> {
  return {
    'mesh-version': '1',
    'mesh-id': randomBytes(16).toString('hex'),
    'mesh-address': `ws://localhost:${10_000 + number}`,
  };
}

/** Tells whether one node is connected to another, and still is a while later. */
async function staysConnected(node: RunningNode, to: RunningNode): Promise<boolean> {
  const lost = () => node.stdout.split(`disconnected: ${to.address}`).length;
  const lostBefore = lost();
  await sleep(2000);
  return lost() === lostBefore && (await connectedAddressesOf(node)).includes(to.address);
}

/** Waits until no more than these are open, and sees that not many fewer are. */
async function settlesAt(most: number, open: () => number): Promise<void> {
  await until(
    () => `${most} connections at most; there are ${open()}`,
    () => open() <= most,
  );
  await sleep(500);
  assert.ok(open() <= most && open() >= most - OTHERS, `${open()} are open`);
}

// Side by side, for most of it is waiting.
describe('a node goes on as if nothing were', { concurrency: 3 }, () => {
  test('while a thousand connections never ask for an upgrade', () =>
    underLoad(async (load) => {
      const sockets = await Promise.all(
        Array.from({ length: CROWD }, () => connectRaw(load.victim)),
      );
      await settlesAt(PENDING, () => countOpen(sockets));
      await admitsACommand(load);
      await keepsItsPeer(load);
      await until('all to be gone', () => countOpen(sockets) === 0, 10_000 + SLACK_MS);
    }));

  test('while a thousand WebSockets say nothing', () =>
    underLoad(async (load) => {
      const crowd = await Callers.open(load.victim, CROWD);
      await settlesAt(CLIENTS, () => crowd.open);
      await admitsACommand(load);
      await keepsItsPeer(load);
      assert.equal(crowd.closedWith(1013), crowd.codes.length, 'no other reason so far');
      await until('all to be gone', () => crowd.codes.length === CROWD, 30_000 + SLACK_MS);
      assert.ok(crowd.closedWith(1013) >= CROWD - CLIENTS, `${crowd.closedWith(1013)} with 1013`);
      assert.ok(crowd.closedWith(1008) >= CLIENTS - OTHERS, `${crowd.closedWith(1008)} with 1008`);
      assert.equal(crowd.closedWith(1013) + crowd.closedWith(1008), CROWD);
    }));

  test('while half a request is all that comes, or the rest of it comes for ever', () =>
    underLoad(async (load) => {
      const sockets: Socket[] = [];
      for (let number = 0; number < 100; number++) sockets.push(await connectRaw(load.victim));
      const half = 'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nx-half: ';
      for (const socket of sockets) socket.write(half);
      const drip = setInterval(() => {
        for (const socket of sockets.slice(50)) if (socket.writable) socket.write('x');
      }, 100);
      try {
        await admitsACommand(load);
        await until('all to be gone', () => countOpen(sockets) === 0, 10_000 + SLACK_MS);
      } finally {
        clearInterval(drip);
      }
      await keepsItsPeer(load);
    }));

  test('while five hundred connections claim to be nodes', () =>
    underLoad(async (load) => {
      const crowd = await Callers.open(load.victim, 500, claimOf);
      await settlesAt(CLAIMANTS, () => crowd.open);
      assert.equal(crowd.closedWith(1013), crowd.codes.length, 'no other reason');
      await admitsACommand(load);
      await keepsItsPeer(load);
      crowd.leave();
    }));

  test('while five hundred hold the places of nodes, also for one that was away', () =>
    underLoad(async (load) => {
      const { network, victim } = load;
      const away = await network.startNode('node-3', [victim.address]);
      await until('it to be connected', async () =>
        (await connectedAddressesOf(victim)).includes(away.address),
      );
      await away.end();
      const crowd = await Callers.open(victim, 500, claimOf, () =>
        JSON.stringify(transactionMessage('to be heard')),
      );
      await settlesAt(CLAIMANTS, () => crowd.open);
      const back = await network.restart(away);
      await until('it to be let in', () => staysConnected(back, victim));
      await keepsItsPeer(load);
      crowd.leave();
    }));

  test('while five hundred clients claim to be nodes in a HANDSHAKE, and more say nothing', () =>
    underLoad(async (load) => {
      const greetingOf = (number: number) =>
        JSON.stringify({ type: 'HANDSHAKE', data: [`ws://localhost:${10_000 + number}`] });
      const claimants = await Callers.open(load.victim, 500, undefined, greetingOf);
      await settlesAt(CLAIMANTS, () => claimants.open);
      assert.equal(claimants.closedWith(1013), claimants.codes.length, 'no other reason');
      const clients = await Callers.open(load.victim, 2 * CLIENTS);
      await settlesAt(CLIENTS, () => clients.open);
      await admitsACommand(load);
      await keepsItsPeer(load);
      claimants.leave();
      clients.leave();
    }));

  test('while a hundred connections a second come and go, with and without an upgrade', () =>
    underLoad(async (load) => {
      let dropped = 0;
      const drop = (socket: Socket) => {
        socket.resetAndDestroy();
        dropped += 1;
      };
      for (let number = 0; number < CROWD; number++) {
        const opening = number % 2 === 0 ? connectRaw(load.victim) : openRaw(load.victim);
        opening.then(drop);
        await sleep(10);
      }
      await until('all to be dropped', () => dropped === CROWD);
      await admitsACommand(load);
      await keepsItsPeer(load);
    }));
});
