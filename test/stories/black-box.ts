/** What anybody's node is connected to, as it tells the peers that it dials. */

import { say, until } from '../support/helpers.js';
import type { Named } from '../support/program.js';
import { TrapServer } from '../support/trap-servers.js';

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

/** Waits until each of somebody's nodes names all the others as connected, and none of them twice. */
export async function untilAllConnected(nodes: readonly Named[]): Promise<void> {
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
