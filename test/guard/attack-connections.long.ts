/** Connections that are opened in numbers, and for nothing. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Callers, CLAIMANTS, claimAt, OTHERS, settlesAt } from '../support/callers.js';
import { connectRaw, openRaw } from '../support/frames.js';
import { transactionMessage, until } from '../support/helpers.js';
import { admitsACommand, keepsItsPeer, underSiege } from '../support/load.js';
import { peersOf } from '../support/mesh.js';
import type { NodeProcess } from '../support/program.js';

const CROWD = 1000;
const PENDING = 128;
const CLIENTS = 128;
const SLACK_MS = 40_000;

function countOpen(sockets: readonly Socket[]): number {
  // Only who reads hears of the end.
  return sockets.filter((socket) => !socket.resume().destroyed).length;
}

/** Tells whether one node is connected to another, and still is a while later. */
async function staysConnected(node: NodeProcess, to: NodeProcess): Promise<boolean> {
  const lost = () => node.stdout.split(`disconnected: ${to.address}`).length;
  const lostBefore = lost();
  await sleep(2000);
  return lost() === lostBefore && (await peersOf(node)).includes(to.address);
}

describe('a node goes on as if nothing were', { concurrency: 2 }, () => {
  test('while a thousand connections never ask for an upgrade', () =>
    underSiege(async (load) => {
      const sockets = await Promise.all(
        Array.from({ length: CROWD }, () => connectRaw(load.victim)),
      );
      await settlesAt(load.victim, PENDING, () => countOpen(sockets));
      await admitsACommand(load);
      await keepsItsPeer(load);
      await until('all to be gone', () => countOpen(sockets) === 0, 10_000 + SLACK_MS);
    }));

  test('while a thousand WebSockets say nothing', () =>
    underSiege(async (load) => {
      const crowd = await Callers.open(load.victim, CROWD);
      await settlesAt(load.victim, CLIENTS, () => crowd.open);
      await admitsACommand(load);
      await keepsItsPeer(load);
      assert.equal(crowd.closedWith(1013), crowd.codes.length, 'no other reason so far');
      await until('all to be gone', () => crowd.codes.length === CROWD, 30_000 + SLACK_MS);
      assert.ok(crowd.closedWith(1013) >= CROWD - CLIENTS, `${crowd.closedWith(1013)} with 1013`);
      assert.ok(crowd.closedWith(1008) >= CLIENTS - OTHERS, `${crowd.closedWith(1008)} with 1008`);
      assert.equal(crowd.closedWith(1013) + crowd.closedWith(1008), CROWD);
    }));

  test('while half a request is all that comes, or the rest of it comes for ever', () =>
    underSiege(async (load) => {
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

  test('while five hundred hold the slots of nodes, also for one that was away', () =>
    underSiege(async (load) => {
      const { network, victim } = load;
      const away = await network.startNode('node-3', [victim.address]);
      await until('it to be connected', async () => (await peersOf(victim)).includes(away.address));
      await away.end();
      const crowd = await Callers.open(victim, 500, claimAt, () =>
        JSON.stringify(transactionMessage('to be heard')),
      );
      await settlesAt(load.victim, CLAIMANTS, () => crowd.open);
      const back = await network.restart(away);
      await until('it to be let in', () => staysConnected(back, victim));
      await keepsItsPeer(load);
      crowd.leave();
    }));

  test('while five hundred clients claim to be nodes in a HANDSHAKE, and more say nothing', () =>
    underSiege(async (load) => {
      const greetingOf = (number: number) =>
        JSON.stringify({ type: 'HANDSHAKE', data: [`ws://localhost:${10_000 + number}`] });
      const claimants = await Callers.open(load.victim, 500, undefined, greetingOf);
      await settlesAt(load.victim, CLAIMANTS, () => claimants.open);
      assert.equal(claimants.closedWith(1013), claimants.codes.length, 'no other reason');
      const clients = await Callers.open(load.victim, 2 * CLIENTS);
      await settlesAt(load.victim, CLIENTS, () => clients.open);
      await admitsACommand(load);
      await keepsItsPeer(load);
      claimants.leave();
      clients.leave();
    }));

  test('while a hundred connections a second come and go, with and without an upgrade', () =>
    underSiege(async (load) => {
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
