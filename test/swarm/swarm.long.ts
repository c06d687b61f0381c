import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Testnet } from 'hyperdht/testnet.js';
import { addBlock } from '../support/block-maker.js';
import { makeIds } from '../support/client.js';
import { connectTo, say, transactionMessage } from '../support/helpers.js';
import { untilPoolsHold } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { untilStatus } from '../support/status.js';
import { openDht, placeOf, startInSwarm, untilSwarmMesh } from '../support/swarm.js';

const SIZE = 10;
const TRANSACTIONS = 1000;
/** After a time away, a node may have to wait for the next round of its peers. */
const AGAIN_MS = 120_000;

let dht: Testnet;
before(async () => {
  dht = await openDht();
});
after(() => dht.destroy());

test('ten nodes that know nothing but a name agree, with one killed and back', () =>
  withNetwork(async (network) => {
    const setup = { bootstrap: placeOf(dht) };
    const names = Array.from({ length: SIZE }, (_, index) => `node-${index + 1}`);
    const nodes = await Promise.all(names.map((name) => startInSwarm(network, name, setup)));
    await untilSwarmMesh(nodes);

    const ids = makeIds('s', TRANSACTIONS);
    const clients = await Promise.all(nodes.map(({ address }) => connectTo(address)));
    for (const id of ids) {
      const client = clients[Math.floor(Math.random() * clients.length)];
      client?.send(JSON.stringify(transactionMessage(id)));
    }
    await untilPoolsHold(nodes, ids);
    for (const client of clients) client.terminate();

    const [killed] = nodes.slice(-1);
    assert.ok(killed !== undefined);
    await killed.end('SIGKILL');
    const rest = nodes.slice(0, -1);
    await say(rest[0]?.address ?? '', transactionMessage('missed'));
    await untilPoolsHold(rest, [...ids, 'missed']);
    const again = [...rest, await network.restart(killed)];
    await untilPoolsHold(again, [...ids, 'missed'], AGAIN_MS);
    await untilSwarmMesh(again);
    await addBlock(again[SIZE - 1] as RunningNode);
    for (const node of again) {
      await untilStatus(node, 'the block', ({ chain }) => chain.height === 1);
    }
  }));
