import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Testnet } from 'hyperdht/testnet.js';
import { LIMITS } from '../../lib/limits.js';
import { addBlock } from '../support/block-maker.js';
import { give, makeIds } from '../support/client.js';
import { say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { untilPoolsHold } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { startNode } from '../support/secured.js';
import { statusOf, untilStatus } from '../support/status.js';
import {
  inSwarm,
  openDht,
  placeOf,
  startInSwarm,
  untilConnectedTo,
  untilSwarmMesh,
} from '../support/swarm.js';

let dht: Testnet;
let bootstrap: string;
before(async () => {
  dht = await openDht();
  bootstrap = placeOf(dht);
});
after(() => dht.destroy());

test('nodes that know nothing but a name are all connected, and share transactions and blocks', () =>
  withHostedNodes(async (network) => {
    const nodes: RunningNode[] = [];
    for (const name of ['node-1', 'node-2', 'node-3']) {
      nodes.push(await startInSwarm(network, name, { bootstrap }));
    }
    await untilSwarmMesh(nodes);
    // By the swarm too, neighbours know what the others have, once each has told its links.
    const ids: string[] = [];
    await until('none to come twice', async () => {
      const before = await duplicatesAt(nodes);
      for (const node of nodes) {
        const some = makeIds(`s${ids.length} `, 10);
        await give(node.address, some);
        ids.push(...some);
      }
      await untilPoolsHold(nodes, ids);
      return (await duplicatesAt(nodes)) === before;
    });
    await addBlock(nodes[2] as RunningNode);
    for (const node of nodes) {
      await untilStatus(node, 'the block', ({ chain }) => chain.height === 1);
    }
  }));

/** How many transactions have come to them that they had. */
async function duplicatesAt(nodes: readonly RunningNode[]): Promise<number> {
  const all = await Promise.all(nodes.map(statusOf));
  return all.reduce((sum, { transactions }) => sum + transactions.duplicate, 0);
}

test('two nodes that can meet both ways keep one link, the direct one', () =>
  withHostedNodes(async (network) => {
    const first = await startInSwarm(network, 'node-1', { bootstrap, isNear: true });
    const second = await startInSwarm(network, 'node-2', { bootstrap, isNear: true });
    await untilConnectedTo(first, [second.address]);
    await untilConnectedTo(second, [first.address]);
    await say(first.address, transactionMessage('both'));
    await untilPoolsHold([first, second], ['both']);
    assert.equal((await statusOf(second)).transactions.duplicate, 0);
  }));

test('a mesh of nodes with and without a swarm; only those with one are told of addresses in it', () =>
  withHostedNodes(async (network) => {
    const stranger = await network.trap();
    const first = await startInSwarm(network, 'node-1', {
      bootstrap,
      isNear: true,
      knownPeers: [stranger.address],
    });
    const second = await startInSwarm(network, 'node-2', { bootstrap });
    const outside = await startNode(network, 'node-3', [first.address], '');
    const secondName = inSwarm(second);
    await untilConnectedTo(first, [stranger.address, secondName, outside.address]);
    await say(outside.address, transactionMessage('from outside'));
    await say(second.address, transactionMessage('from the swarm'));
    await untilPoolsHold([first, second, outside], ['from outside', 'from the swarm']);
    await addBlock(outside);
    await untilStatus(second, 'the block', ({ chain }) => chain.height === 1);

    // All that was ever said to them, of the request to the last HANDSHAKE.
    await until('the stranger to be told of the node outside', () =>
      JSON.stringify(stranger.received('HANDSHAKE')).includes(outside.address),
    );
    const told = stranger.callers.flatMap(({ headers, frames }) => [
      ...Object.values(headers),
      ...frames,
    ]);
    assert.ok(!told.join().includes('.dht'), told.join('\n'));
    const { network: map } = await statusOf(outside);
    assert.ok(!JSON.stringify(map).includes('.dht'));
    assert.doesNotMatch(outside.stdout, /\.dht/);
  }));

test('a node keeps its key, for itself, and is known by it again', () =>
  withNetwork(async (network) => {
    const first = await startInSwarm(network, 'node-1', { bootstrap });
    const second = await startInSwarm(network, 'node-2', { bootstrap });
    await untilSwarmMesh([first, second]);
    const file = network.path('node-2/swarm-key.json');
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
    const { seed } = JSON.parse(await readFile(file, 'utf8'));
    assert.ok(!`${first.stdout}${second.stdout}`.includes(seed));
    const name = inSwarm(second);
    await second.end('SIGKILL');
    await say(first.address, transactionMessage('missed'));
    const again = await network.restart(second);
    assert.equal(inSwarm(again), name);
    await untilSwarmMesh([first, again]);
    await untilPoolsHold([first, again], ['missed']);
    // A clone is another node.
    assert.equal((await network.run(['clone-node.js'])).code, 0);
    await assert.rejects(stat(network.path('node-3/swarm-key.json')), { code: 'ENOENT' });
  }));

test('a node that leaves withdraws its announcement', () =>
  withNetwork(async (network) => {
    let node = await startInSwarm(network, 'node-1', { bootstrap });
    // On a machine that is so busy that its time is over, it leaves without.
    await until('a withdrawal in time', async () => {
      await until('its announcement', () => node.stdout.includes('swarm: 0 others found'));
      const sinceMs = performance.now();
      assert.equal(await node.end('SIGINT'), 0);
      const isInTime = performance.now() - sinceMs < LIMITS.withdrawTimeoutMs;
      assert.equal(node.stderr, '');
      if (!isInTime) node = await network.restart(node);
      return isInTime;
    });
    const later = await startInSwarm(network, 'node-2', { bootstrap });
    await until('a look', () => /swarm: \d+ others? found/.test(later.stdout));
    assert.match(later.stdout, /swarm: 0 others found/);
    assert.doesNotMatch(later.stdout, /dialling/);
  }));

test('without a DHT a node works, says so once, and is in the swarm as soon as there is one', () =>
  withHostedNodes(async (network) => {
    const own = await openDht();
    const place = placeOf(own);
    await own.destroy();
    const nodes = [
      await startInSwarm(network, 'node-1', { bootstrap: place }),
      await startInSwarm(network, 'node-2', { bootstrap: place }),
    ];
    for (const node of nodes) {
      await until('the line', () => node.stdout.includes('swarm: the DHT does not answer'));
      await say(node.address, transactionMessage(`at ${node.name}`));
      await untilPoolsHold([node], [`at ${node.name}`]);
    }
    for (const { stdout } of nodes) assert.equal(stdout.split('does not answer').length, 2);
    const back = await openDht(Number(place.split(':')[1]));
    try {
      await untilSwarmMesh(nodes);
      await untilPoolsHold(nodes, ['at node-1', 'at node-2'], 60_000);
    } finally {
      await back.destroy();
    }
  }));
