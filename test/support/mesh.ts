/** How a test waits for several nodes: until all are connected, until all hold the same. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { until } from './helpers.js';
import type { Named, RunningNode } from './program.js';
import type { Status } from './status.js';

/** The addresses that one of our nodes is connected to, by its own status. */
export async function peersOf(node: Named): Promise<string[]> {
  const { network } = JSON.parse(await pageText(node, '/status')) as Pick<Status, 'network'>;
  return network.nodes.flatMap(({ address, state }) => (state === 'connected' ? [address] : []));
}

/**
 * Waits until each of these nodes is connected to all the others, and to none of them twice.
 *
 * @param connectedOf returns the addresses that a node is connected to
 */
export async function untilFullMesh(
  nodes: readonly Named[],
  connectedOf: (node: Named) => Promise<string[]> = peersOf,
): Promise<void> {
  for (const node of nodes) {
    const others = nodes.map(({ address }) => address).filter((other) => other !== node.address);
    let connected: string[] = [];
    await until(
      () => `${node.name} to be connected to ${others}; it is to ${connected}`,
      async () => {
        connected = await connectedOf(node);
        return others.every(
          (other) => connected.filter((address) => address === other).length === 1,
        );
      },
    );
  }
}

/** Waits until each of these nodes has exactly these transactions, none twice, by their hash. */
export async function untilPoolsHold(
  nodes: RunningNode[],
  hashes: string[],
  deadlineMs?: number,
): Promise<void> {
  const expected = [...hashes].sort().join();
  await Promise.all(
    nodes.map(async (node) => {
      let found: string[] = [];
      await until(
        () => `${node.name} to have ${hashes.length} transactions; it has ${found.length}`,
        async () => {
          found = (await node.pool()).map((transaction) => String(transaction.hash));
          return found.length >= hashes.length;
        },
        deadlineMs,
      );
      if (found.sort().join() !== expected) {
        throw new Error(`${node.name} has other transactions than it was sent: ${found.length}`);
      }
    }),
  );
}

async function pageText({ address }: Named, path: string): Promise<string> {
  const url = new URL(path, address.replace(/^ws/, 'http'));
  const [response] = (await once(get(url), 'response')) as [IncomingMessage];
  return (await response.setEncoding('utf8').toArray()).join('');
}
