/** What others say of themselves, and is not true. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { connectTo, say, transactionMessage, until } from '../support/helpers.js';
import { LIARS, meshIdOf, untilAllHave } from '../support/lies.js';
import { keepsItsPeer, underAttackBesideProcess } from '../support/load.js';
import { peersOf } from '../support/mesh.js';

// Side by side, for they may wait for two reconciliations.
describe('in spite of lies, all pools become the same', { concurrency: 4 }, () => {
  test('of clients that pass for a node which is away, and which is let in when it is back', () =>
    underAttackBesideProcess(async (load) => {
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
