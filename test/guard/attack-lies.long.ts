/** What others say of themselves, and is not true; the truth comes with the next comparison. */

import { describe, test } from 'node:test';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { makeIds } from '../support/client.js';
import { connectTo, transactionMessage, until } from '../support/helpers.js';
import { LIARS, meshIdOf, untilAllHave } from '../support/lies.js';
import { keepsItsPeer, underSiege } from '../support/load.js';
import { peersOf } from '../support/mesh.js';
import { honest as honestAnswers, MeshPeer } from '../support/mesh-peer.js';

describe('in spite of lies, all pools become the same', { concurrency: 2 }, () => {
  test('of a peer that says that it has told everyone, and has told no one', () =>
    underSiege(async (load) => {
      const { network, victim, honest } = load;
      const third = await network.startNode('node-3', [victim.address]);
      const nodes = [victim, honest, third];
      const ids = makeIds('kept back', 500);
      const misbehaving = network.keep(await MeshPeer.open(honestAnswers([])));
      const socket = await misbehaving.dial(victim.address);
      socket.send(handshakeFrame([misbehaving.address, ...nodes.map(({ address }) => address)]));
      await until('all to be connected', async () => {
        const connected = await peersOf(victim);
        return [misbehaving, honest, third].every(({ address }) => connected.includes(address));
      });
      for (const id of ids) socket.send(JSON.stringify(transactionMessage(id)));
      await untilAllHave(nodes, ids);
      await keepsItsPeer(load);
    }));

  test('of clients that pass for a node, under its address and the id that it shows', () =>
    underSiege(async (load) => {
      const { network, victim, honest } = load;
      const third = await network.startNode('node-3', [victim.address]);
      const nodes = [victim, honest, third];
      await until('all to be connected', async () =>
        (await peersOf(victim)).includes(third.address),
      );
      const copied = {
        'mesh-version': '1',
        'mesh-id': await meshIdOf(honest),
        'mesh-address': honest.address,
      };
      const ids = makeIds('copied', LIARS);
      const misbehavingPeers = await Promise.all(ids.map(() => connectTo(victim.address, copied)));
      for (const [number, socket] of misbehavingPeers.entries()) {
        socket.send(handshakeFrame([honest.address, ...nodes.map(({ address }) => address)]));
        socket.send(JSON.stringify(transactionMessage(ids[number] as string)));
      }
      await untilAllHave(nodes, ids);
      await keepsItsPeer(load);
      for (const socket of misbehavingPeers) socket.terminate();
    }));
});
