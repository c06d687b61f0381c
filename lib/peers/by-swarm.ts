/** The differences between a socket of the swarm and one of TCP, under a connection. */

import type { Duplex } from 'node:stream';
import { LIMITS } from '../limits.js';
import { SwarmSocket } from '../swarm/index.js';
import { type Address, parseAddress } from './addresses.js';

/** Whether a connection is by the swarm. */
export function isBySwarm({ tcp }: { readonly tcp: Duplex | undefined }): boolean {
  return tcp instanceof SwarmSocket;
}

/** The address in the swarm that the other end of a socket has proven; undefined for one of TCP. */
export function provenBy(socket: Duplex | undefined): Address | undefined {
  return socket instanceof SwarmSocket ? parseAddress(socket.remoteName) : undefined;
}

/** Time for a dial to be answered. A way through two routers takes longer to find than a socket to open. */
export function dialTimeoutMs({ scope }: Address): number {
  return scope === 'swarm' ? LIMITS.swarmDialTimeoutMs : LIMITS.dialTimeoutMs;
}
