/** How long many nodes that know only one peer take until all are connected to all. */

import { remove } from 'fs-extra/esm';
import { freePort } from '../test/support/helpers.js';
import type { Network } from '../test/support/network.js';
import type { NodeProcess } from '../test/support/program.js';
import { type Figures, type Group, OURS } from './experiment.js';
import { openInNetwork } from './in-network.js';
import { saidAtMs } from './observation.js';

interface Place {
  readonly name: string;
  readonly port: number;
}

/** `size` nodes that start together and know only the first of them. */
export function formationGroup(size: number): Group {
  const open = () => openInNetwork((network) => prepare(network, size));
  return [{ name: `mesh of ${size} from one peer`, system: OURS, open }];
}

async function prepare(network: Network, size: number): Promise<() => Promise<Figures>> {
  const places: Place[] = [];
  for (let number = 1; number <= size; number++) {
    places.push({ name: `node-${number}`, port: await freePort() });
  }
  const knownPeers = [`ws://localhost:${places[0]?.port}`];
  for (const { name, port } of places) await network.addNode(name, port, knownPeers);
  return () => measure(network, places);
}

async function measure(network: Network, places: readonly Place[]): Promise<Figures> {
  const nodes: NodeProcess[] = [];
  try {
    for (const { name, port } of places) {
      nodes.push(network.launch(name, port));
      // The others dial the first as they start, so it must listen by then.
      if (nodes.length === 1) await saidAtMs(nodes[0] as NodeProcess, /\] listening: /);
    }
    const all = new RegExp(`\\] connected: \\S+, ${places.length - 1} peers now`);
    const connected = Promise.all(nodes.map((node) => saidAtMs(node, all)));
    const listening = Promise.all(nodes.map((node) => saidAtMs(node, /\] listening: /)));
    const [connectedMs, listeningMs] = await Promise.all([connected, listening]);
    return { s: (Math.max(...connectedMs) - Math.max(...listeningMs)) / 1000 };
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
    // The addresses that they have learnt would help them in the next run.
    for (const { name } of places) await remove(network.path(name, 'peers.json'));
  }
}
