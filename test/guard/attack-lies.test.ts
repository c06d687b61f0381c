/** What others say of themselves, and is not true. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { connectTo, say, transactionMessage, until } from '../support/helpers.js';
import { keepsItsPeer, underAttack } from '../support/load.js';
import { peersOf } from '../support/mesh.js';
import type { RunningNode } from '../support/program.js';

/** The longest that two reconciliation periods can be. */
const TWO_PERIODS_MS = 2 * 36_000;
const LIARS = 100;

/** Waits until each of these nodes has all of these transactions. */
async function untilAllHave(nodes: RunningNode[], ids: string[]): Promise<void> {
  let lacking = '';
  await until(
    () => `all to have all; ${lacking}`,
    async () => {
      const texts = await Promise.all(nodes.map((node) => node.poolText()));
      const lacks = texts.map((text) => ids.filter((id) => !text.includes(`"${id}"`)).length);
      lacking = `they lack ${lacks}`;
      return lacks.every((count) => count === 0);
    },
    TWO_PERIODS_MS,
  );
}

/** The mesh-id that a node shows to everybody. */
async function meshIdOf(node: RunningNode): Promise<string> {
  const socket = new WebSocket(node.address);
  const meshId = await new Promise<string>((done, fail) => {
    socket.once('upgrade', ({ headers }) => done(String(headers['mesh-id']))).once('error', fail);
  });
  socket.terminate();
  return meshId;
}

// Side by side, for they may wait for two reconciliations.
describe('in spite of lies, all pools become the same', { concurrency: 4 }, () => {
  test('of clients that pass for a node which is away, and which is let in when it is back', () =>
    underAttack(async (load) => {
      const { network, victim, honest } = load;
      const third = await network.startNode('node-3', [victim.address]);
      const copied = {
        'mesh-version': '1',
        'mesh-id': await meshIdOf(third),
        'mesh-address': third.address,
      };
      await third.end();
      const misbehavingPeers = await Promise.all(
        Array.from({ length: LIARS }, () => connectTo(victim.address, copied)),
      );
      for (const socket of misbehavingPeers)
        socket.send(handshakeFrame([third.address, honest.address]));
      const back = await network.restart(third);
      await until('it to be connected', async () => (await peersOf(victim)).includes(back.address));
      misbehavingPeers[0]?.send(JSON.stringify(transactionMessage('from a misbehaving peer')));
      await say(back.address, transactionMessage('from the real one'));
      await untilAllHave([victim, honest, back], ['from a misbehaving peer', 'from the real one']);
      await keepsItsPeer(load);
      assert.ok(victim.isRunning);
      for (const socket of misbehavingPeers) socket.terminate();
    }));
});
