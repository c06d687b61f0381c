/** How fast one who comes late gets all that was pooled before. */

import { freePort } from '../test/helpers.js';
import type { Network, RunningNode } from '../test/network.js';
import { type Figures, type Group, OURS } from './experiment.js';
import { prepareHandOver } from './hand-over.js';
import { openAnew } from './in-network.js';
import { checkPool, poolsHaveAtMs, saidAtMs } from './observation.js';
import { poolBytes } from './pool-file.js';

/** A node that comes late, after one to which as many were relayed as they came. */
export function lateJoinerGroup(count: number): Group {
  const name = `late joiner, ${count.toLocaleString('en')} pooled`;
  return [{ name, system: OURS, open: () => openAnew((network) => measure(network, count)) }];
}

async function measure(network: Network, count: number): Promise<Figures> {
  const [first, second] = (await network.startMesh(2)) as [RunningNode, RunningNode];
  const handOver = await prepareHandOver(first.address, 0, count);
  const handedOverMs = performance.now();
  const relayed = poolsHaveAtMs([second], poolBytes(count));
  await handOver();
  const relaySeconds = ((await relayed) - handedOverMs) / 1000;

  const port = await freePort();
  await network.addNode('node-3', port, [first.address]);
  const late = network.launch('node-3', port);
  const listeningMs = await saidAtMs(late, /\] listening: /);
  const joinSeconds = ((await poolsHaveAtMs([late], poolBytes(count))) - listeningMs) / 1000;
  for (const node of [second, late]) await checkPool(node, count);
  return { 'tx/s': count / joinSeconds, 'tx/s by relay': count / relaySeconds };
}
