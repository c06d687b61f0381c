/** What anybody's node is connected to, as it tells the peers that it dials. */

import { say, until } from '../support/helpers.js';
import { untilFullMesh } from '../support/mesh.js';
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
export function untilAllConnected(nodes: readonly Named[]): Promise<void> {
  return untilFullMesh(nodes, connectedAddressesOf);
}
