/** A DHT on this machine, and nodes of ours that meet in it. */

import createTestnet, { type Testnet } from 'hyperdht/testnet.js';
import { freePort, until } from './helpers.js';
import type { Network } from './network.js';
import type { RunningNode } from './program.js';
import { statusOf } from './status.js';

/** Enough for each to know a part of the others. */
const DHT_NODES = 8;

/** Opens a DHT on loopback. Every test of a file can use the same one. */
export function openDht(port?: number): Promise<Testnet> {
  return createTestnet(DHT_NODES, { host: '127.0.0.1', ...(port && { port }) });
}

/** The value of SWARM_BOOTSTRAP that leads to a DHT. */
export function placeOf({ bootstrap }: Pick<Testnet, 'bootstrap'>): string {
  return bootstrap.map(({ host, port }) => `${host}:${port}`).join();
}

/** The name of the swarm of a network: hosted nodes stay in theirs when their test is over. */
export function swarmOf({ root }: Pick<Network<RunningNode>, 'root'>): string {
  return root.slice(-60);
}

/** How a node of a test is set up. */
interface Setup {
  readonly bootstrap: string;
  /** Further lines of its .env. */
  readonly lines?: readonly string[];
  readonly knownPeers?: readonly string[];
  /** Whether others can dial it without the swarm too. */
  readonly isNear?: boolean;
}

/** Makes a node folder for a node in a swarm; returns the port. */
export async function prepareInSwarm(
  network: Network<RunningNode>,
  name: string,
  { bootstrap, lines = [], knownPeers = [], isNear = false }: Setup,
): Promise<number> {
  const port = await freePort();
  await network.addNode(name, port, [...knownPeers]);
  const env = [
    `PORT=${port}`,
    // A private network of its own, into which nobody on loopback dials.
    ...(isNear ? [] : [`ADDRESS=10.99.0.${Number(name.replace('node-', ''))}`]),
    `SWARM=${swarmOf(network)}`,
    `SWARM_BOOTSTRAP=${bootstrap}`,
    ...lines,
  ];
  await network.write(`${name}/.env`, `${env.join('\n')}\n`);
  return port;
}

/** Makes and starts a node in a swarm. */
export async function startInSwarm<N extends RunningNode>(
  network: Network<N>,
  name: string,
  setup: Setup,
): Promise<N> {
  const port = await prepareInSwarm(network, name, setup);
  return network.launch(name, port).listening();
}

/** The address of a node in its swarm. */
export function inSwarm({ name, stdout }: RunningNode): string {
  const [, address] = /\] swarm: .*, in which we are (ws:\S+)$/m.exec(stdout) ?? [];
  if (address === undefined) throw new Error(`${name} is in no swarm`);
  return address;
}

/** Waits until each node has a connection by the swarm to each other, and no connection besides. */
export async function untilSwarmMesh(nodes: readonly RunningNode[]): Promise<void> {
  const addresses = nodes.map(inSwarm);
  for (const [index, node] of nodes.entries()) {
    const wanted = addresses.filter((_, other) => other !== index).sort();
    await untilConnectedTo(node, wanted);
  }
}

/** Waits until a node is connected to exactly these addresses. */
export async function untilConnectedTo(
  node: RunningNode,
  wanted: readonly string[],
): Promise<void> {
  let connected: string[] = [];
  await until(
    () =>
      `${node.name} to be connected to ${wanted}; it is to ${connected}, and said: ${node.stdout}`,
    async () => {
      const { network } = await statusOf(node);
      connected = network.nodes.flatMap(({ address, state }) =>
        state === 'connected' ? [address] : [],
      );
      return connected.sort().join() === [...wanted].sort().join();
    },
    60_000,
  );
}
