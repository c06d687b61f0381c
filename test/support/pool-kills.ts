/** `kill -9` of nodes that take in transactions as fast as they can. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Client } from './client.js';
import { freePort } from './helpers.js';
import { type Network, withNetwork } from './network.js';
import { newSeed } from './property.js';

const KILLS = fc.record({
  afterMs: fc.integer({ min: 0, max: 50 }),
  pad: fc.constantFrom(0, 300, 1000),
});

/** Kills some nodes again and again, side by side, and checks at each start what is left. */
export function killUnderLoad(
  t: TestContext,
  { nodes, kills }: { nodes: number; kills: number },
): Promise<void> {
  return withNetwork(async (network) => {
    const sample = fc.sample(KILLS, { seed: newSeed(t), numRuns: kills });
    const share = Math.ceil(kills / nodes);
    const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
    for (const name of names) await network.addNode(name, await freePort(), []);
    const mended = await Promise.all(
      names.map((name, index) =>
        killOften(network, name, sample.slice(share * index, share * (index + 1))),
      ),
    );
    t.diagnostic(`${mended.flat().length} of the pools had to be mended`);
  });
}

/** Kills a node in a loop; tells which of its starts found a torn pool. */
async function killOften(
  network: Network,
  name: string,
  kills: readonly { afterMs: number; pad: number }[],
): Promise<string[]> {
  const port = Number(/^PORT=(\d+)$/m.exec(await network.read(`${name}/.env`))?.[1]);
  const accepted = new Set<string>();
  const mended: string[] = [];
  let sent = 0;
  for (const { afterMs, pad } of [...kills, { afterMs: 0, pad: 0 }]) {
    const node = await network.launch(name, port).listening();
    mended.push(...node.lines.filter((line) => line.includes('mended: ')));
    const pool: { id: string }[] = JSON.parse(await node.poolText());
    const ids = new Set(pool.map(({ id }) => id));
    assert.equal(ids.size, pool.length, 'nothing is there twice');
    assert.deepEqual(
      [...accepted].filter((id) => !ids.has(id)),
      [],
      'no receipt was wrong',
    );

    const client = await Client.open(node.address, ({ id, status }) => {
      if (status === 'accepted') accepted.add(String(id));
    });
    const flood = client.flood(() => ({ id: `${name} ${sent++}`, pad: 'x'.repeat(pad) }));
    await client.received(1);
    await sleep(afterMs);
    await node.end('SIGKILL');
    await client.closed;
    await flood;
  }
  return mended;
}
