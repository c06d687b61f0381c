/** Slots that a caller takes from others, and keeps. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'fs-extra';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { frameOf, OPCODES, openRaw } from '../support/frames.js';
import { until } from '../support/helpers.js';
import { underSiege } from '../support/load.js';
import { honest as honestAnswers, MeshPeer } from '../support/mesh-peer.js';

const PLACES = 384;
/** Two rounds of pings take a minute. */
const TWO_PINGS_MS = 120_000;

/** Whether a process still has its end of a connection that we have opened to a port. */
function isHeld(port: number, { localPort }: Socket): boolean {
  const hex = (number = 0) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.some((line) => {
    const [, local = '', remote = '', , , , , , , inode] = line.trim().split(/\s+/);
    return local.endsWith(hex(port)) && remote.endsWith(hex(localPort)) && inode !== '0';
  });
}

/** Sends pings until no more of the answers are taken in, of which none is read. */
async function fillWithPongs(socket: Socket): Promise<void> {
  const pings = Buffer.concat(Array(1000).fill(frameOf('x'.repeat(125), { opcode: OPCODES.ping })));
  socket.pause();
  for (let i = 0; i < 60 && socket.writableLength === 0; i++) {
    await new Promise((done) => socket.write(pings, done));
  }
}

describe('nobody keeps the slots of others', { concurrency: 2 }, () => {
  test('by many connections in the name of one node that is there', () =>
    underSiege(async ({ network, victim }) => {
      const misbehaving = network.keep(await MeshPeer.open(honestAnswers([])));
      for (let i = 0; i < PLACES; i++) {
        const socket = await misbehaving.dial(victim.address);
        socket.send(handshakeFrame([misbehaving.address]));
      }
      await until('it to be met', () =>
        victim.stdout.includes(`connected: ${misbehaving.address}`),
      );
      const late = await network.startNode('node-3', [victim.address]);
      const told = () => late.lines.filter((line) => line.includes(`connected: ${victim.address}`));
      await until('one that comes late to be let in, and to stay', async () => {
        const count = told().length;
        await sleep(3000);
        return told().at(-1)?.includes(' connected: ') === true && told().length === count;
      });
      assert.ok(told().length > 1, 'it was refused before it was met');
    }));

  test('by going half away, and never reading what is left', () =>
    underSiege(async ({ victim }) => {
      const socket = await openRaw(victim);
      await fillWithPongs(socket);
      const { localPort } = socket;
      socket.end();
      const held = () => isHeld(victim.port, { localPort } as Socket);
      assert.ok(held(), 'it is there');
      await until('it to be gone', () => !held(), TWO_PINGS_MS);
      socket.destroy();
    }));
});
