/** Those who take what they are sent slowly, or never. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { LIMITS } from '../../lib/limits.js';
import { keyOf } from '../../lib/wire/key.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { ask } from '../support/client.js';
import { frameOf, openRaw } from '../support/frames.js';
import { connectTo, makeTransaction, say, transactionMessage, until } from '../support/helpers.js';
import { keepsItsPeer, underSiege } from '../support/load.js';
import { honest as honestAnswers, MeshPeer } from '../support/mesh-peer.js';
import type { NodeProcess } from '../support/program.js';

const LARGE = 'x'.repeat(60_000);
/** 60 MB of large transactions. */
const FLOW = 1000;
/** Few, for what comes together takes memory of its own, whoever reads. */
const AT_ONCE = 10;

function makeLarge(id: string): object {
  return { ...makeTransaction(id), note: LARGE };
}

/** Hands so many large transactions to a node. Returns their ids. */
async function backpressure(node: NodeProcess, prefix: string, count = FLOW): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, number) => `${prefix} ${number}`);
  for (let first = 0; first < count; first += AT_ONCE) {
    await ask(node.address, ...ids.slice(first, first + AT_ONCE).map(makeLarge));
  }
  return ids;
}

async function timed<T>(doing: Promise<T>): Promise<[result: T, tookMs: number]> {
  const beganMs = performance.now();
  return [await doing, performance.now() - beganMs];
}

async function untilHas(node: NodeProcess, ids: string[], deadlineMs?: number): Promise<void> {
  let lacking = ids.length;
  await until(
    () => `${node.name} to have all; it lacks ${lacking}`,
    async () => {
      const found = new Set((await node.poolText()).match(/(?<="id":")[^"]+/g));
      lacking = ids.filter((id) => !found.has(id)).length;
      return lacking === 0;
    },
    deadlineMs,
  );
}

/** The headers of a client that is recognised, and is no node. */
function clientHeaders(): Record<string, string> {
  return { 'mesh-version': '1', 'mesh-id': randomBytes(16).toString('hex') };
}

/** Sends a frame again and again until the node takes no more, or has closed. */
async function stuff(socket: Socket, frame: Buffer, mostBytes: number): Promise<void> {
  const frames = Buffer.concat(Array(100).fill(frame));
  const isTaken = () => socket.writableLength < frames.length;
  for (let bytes = 0; bytes < mostBytes && !socket.destroyed; bytes += frames.length) {
    socket.write(frames);
    await until('the node to read on', () => isTaken() || socket.destroyed, 3000).catch(() => {});
    if (!isTaken()) return;
  }
}

describe('nobody waits for one who does not read', { concurrency: 2 }, () => {
  test('be it a peer, that is left behind and compared with when it reads again', () =>
    underSiege(async (load) => {
      const { network, victim, honest } = load;
      const stuck = network.keep(await MeshPeer.open(honestAnswers([])));
      await say(victim.address, { type: 'HANDSHAKE', data: [stuck.address] });
      await until('both to have reached it', () => stuck.asked('HANDSHAKE') >= 2);
      const [, freeMs] = await timed(backpressure(victim, 'free'));

      stuck.read(false);
      const [ids, stuckMs] = await timed(backpressure(victim, 'stuck'));
      assert.ok(stuckMs < 3 * freeMs + 2000, `${stuckMs} ms instead of ${freeMs}`);
      assert.ok(load.said().includes(`left behind: ${stuck.address} (`), load.said());
      assert.ok(!load.said().includes('caught up'));
      await untilHas(honest, ids);

      const [greeted, offered] = [stuck.asked('HANDSHAKE'), stuck.asked('OFFER_KEYS')];
      stuck.read(true);
      await until('a line', () => load.said().includes(`caught up: ${stuck.address}`));
      await until(
        'a HANDSHAKE, and what a comparison finds that it lacks',
        () => stuck.asked('HANDSHAKE') > greeted && stuck.asked('OFFER_KEYS') > offered,
      );
      await keepsItsPeer(load);
    }));

  test('be it a node that was stopped, that has all soon after it goes on', () =>
    underSiege(async (load) => {
      const { network, victim, honest } = load;
      const stopped = await network.startNode('node-3', [victim.address]);
      await until('both to have reached it', () =>
        [victim, honest].every((node) => node.stdout.includes(`connected: ${stopped.address}`)),
      );
      stopped.process.kill('SIGSTOP');
      const ids = await backpressure(victim, 'stopped').finally(() =>
        stopped.process.kill('SIGCONT'),
      );
      await untilHas(stopped, ids);
      await untilHas(honest, ids);
      await keepsItsPeer(load);
    }));

  test('be it a plain peer, that is dropped and dialled again', () =>
    underSiege(async (load) => {
      const { network, victim, honest, said } = load;
      const plain = await network.trap();
      const dialled = () =>
        plain.callers.filter(({ headers }) => headers['mesh-address'] === victim.address);
      await say(victim.address, { type: 'HANDSHAKE', data: [plain.address] });
      await until('a connection', () => dialled().length === 1);
      for (const { socket } of dialled()) socket.pause();
      const ids = await backpressure(victim, 'plain');
      const line = `disconnected: ${plain.address} (it does not read), again in`;
      assert.ok(said().includes(line), said());
      await until('it to be dialled again', () => dialled().length === 2);
      await untilHas(honest, ids);
      await say(victim.address, transactionMessage('to go on'));
      await until('it to be told again', () =>
        dialled().some(({ frames }) => frames.some((frame) => frame.includes('"to go on"'))),
      );
      await keepsItsPeer(load);
    }));

  test('be it ten clients that ask for receipts', () =>
    underSiege(async (load) => {
      // Of all that may be an id, this takes the most room in a receipt.
      const data = { id: '\u0001'.repeat(LIMITS.idCharacters) };
      const frame = frameOf(JSON.stringify({ type: 'TRANSACTION', data }));
      const headers = { ...clientHeaders(), 'mesh-receipts': '1' };
      const sockets: Socket[] = [];
      for (let number = 0; number < 10; number++) {
        const socket = await openRaw(load.victim, headers);
        sockets.push(socket.pause());
      }
      await Promise.all(sockets.map((socket) => stuff(socket, frame, 16 * 1024 * 1024)));
      await keepsItsPeer(load);
      for (const socket of sockets) socket.destroy();
    }));

  test('be it forty that ask for large transactions', () =>
    underSiege(async (load) => {
      const ids = await backpressure(load.victim, 'asked for', 50);
      const request = reconciliationFrame({ type: 'GET_TRANSACTIONS', data: ids.map(keyOf) });
      const sockets: WebSocket[] = [];
      for (let number = 0; number < 40; number++) {
        const socket = await connectTo(load.victim.address, clientHeaders());
        socket.pause();
        sockets.push(socket);
      }
      for (let round = 0; round < 100; round++) {
        for (const socket of sockets) socket.send(request);
        await sleep(100);
      }
      await keepsItsPeer(load);
      for (const socket of sockets) socket.terminate();
    }));
});
