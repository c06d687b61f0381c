/** How many connections a node takes by the swarm. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { SecretStream } from 'hyperdht';
import { LIMITS } from '../../lib/limits.js';
import { Swarm, type SwarmSocket } from '../../lib/swarm/index.js';
import { until } from '../support/helpers.js';
import { openDht, placeOf } from '../support/swarm.js';
import { temporaryFolder } from '../support/temporary.js';

/** So many dials at a time: more would wait for each other longer than a dial may take. */
const AT_ONCE = 16;

test('a swarm takes so many connections and no more, and the next one when one has ended', async () => {
  const dht = await openDht();
  const folder = temporaryFolder();
  const settings = { name: 'a crowd', bootstrap: placeOf(dht).split(',') };
  const swarm = await Swarm.open({ folder, swarm: settings, secret: undefined }, () => {});
  assert.ok(swarm !== undefined);
  const taken: SwarmSocket[] = [];
  swarm.serve((socket) => taken.push(socket.on('error', () => {})));
  swarm.look({ onFound() {}, isAlone: () => false });
  const stranger = dht.createNode();
  const key = new URL(swarm.address).hostname.slice(0, 52);
  const dial = async (): Promise<SecretStream | undefined> => {
    const stream = stranger.connect(key);
    stream.on('error', () => {});
    return (await stream.opened) ? stream : undefined;
  };
  try {
    await until('the first connection', async () => (await dial()) !== undefined);
    while (taken.length < LIMITS.swarmConnections) {
      const missing = LIMITS.swarmConnections - taken.length;
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing) }, dial));
    }
    assert.equal(await dial(), undefined, 'there is no more room');
    assert.equal(taken.length, LIMITS.swarmConnections);
    const [first] = taken;
    first?.destroy();
    assert.ok(first !== undefined && (first.closed || (await once(first, 'close'))));
    assert.ok((await dial()) !== undefined, 'one has made room');
    assert.equal(taken.length, LIMITS.swarmConnections + 1);
  } finally {
    await stranger.destroy();
    await swarm.close();
    await dht.destroy();
  }
});
