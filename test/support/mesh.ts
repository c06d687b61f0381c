/** How a test waits for several nodes: until all are connected, until all hold the same. */

import { say, until } from './helpers.js';
import type { Named, RunningNode } from './program.js';
import { TrapServer } from './trap-servers.js';

/**
 * Asks a node, as a stranger would, which addresses it is connected to: gives it the address
 * of a new trap, and reads the HANDSHAKE that comes with its call.
 */
export async function connectedAddressesOf(node: Named): Promise<string[]> {
  const trap = await TrapServer.open();
  try {
    await say(node.address, { type: 'HANDSHAKE', data: [trap.address] });
    await until(`${node.name} to send a HANDSHAKE`, () => trap.received('HANDSHAKE').length > 0);
    const data = trap.received('HANDSHAKE')[0] as string[];
    return data.slice(1).filter((address) => address !== trap.address);
  } finally {
    await trap.close();
  }
}

/** Waits until each node says that it is connected to all the others, and to none of them twice. */
export async function untilFullMesh(nodes: Named[]): Promise<void> {
  for (const node of nodes) {
    const others = nodes.map(({ address }) => address).filter((other) => other !== node.address);
    let connected: string[] = [];
    await until(
      () => `${node.name} to be connected to ${others}; it is to ${connected}`,
      async () => {
        connected = await connectedAddressesOf(node);
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
