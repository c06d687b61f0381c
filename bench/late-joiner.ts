/** How fast a node that joins late gets everything that was pooled before. */

import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import type { NodeProcess } from '../test/support/program.js';
import { type Figures, type Group, OURS } from './experiment.js';
import { openAnew } from './in-network.js';
import { Injection } from './injection.js';
import { poolsHaveAtMs, saidAtMs } from './observation.js';
import { checkPools, poolBytes } from './pool-files.js';

/** A node that joins late, compared with one that got as many transactions by relay. */
export function lateJoinerGroup(count: number): Group {
  const name = `late joiner, ${count.toLocaleString('en')} pooled`;
  return [{ name, system: OURS, open: () => openAnew((network) => measure(network, count)) }];
}

async function measure(network: Network, count: number): Promise<Figures> {
  const [first, second] = (await network.startMesh(2)) as [NodeProcess, NodeProcess];
  const injection = network.keep(await Injection.prepare(first.address, { from: 0, count }));
  const handedOverMs = performance.now();
  const relayed = poolsHaveAtMs([second], poolBytes(count));
  await injection.run();
  const relaySeconds = ((await relayed) - handedOverMs) / 1000;

  const port = await freePort();
  await network.addNode('node-3', port, [first.address]);
  const late = network.launch('node-3', port);
  const listeningMs = await saidAtMs(late, /\] listening: /);
  const joinSeconds = ((await poolsHaveAtMs([late], poolBytes(count))) - listeningMs) / 1000;
  const files = [second, late].map(({ folder }) => `${folder}/transactions.json`);
  checkPools(files, 0, count);
  return { 'tx/s': count / joinSeconds, 'tx/s by relay': count / relaySeconds };
}
