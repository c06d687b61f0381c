/** HyperDHT, an optional package: only a node with a SWARM needs it. */

import type HyperDHT from 'hyperdht';
import { fail, reason } from '../log.js';

/** Loads it. Ends the process with one line if it is not installed, or does not run on this machine. */
export async function loadEngine(): Promise<{
  Dht: typeof HyperDHT;
  encode: (key: Buffer) => string;
}> {
  try {
    const { default: Dht } = await import('hyperdht');
    const { encode } = await import('hypercore-id-encoding');
    return { Dht, encode };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    return isMissing
      ? fail('SWARM needs the package hyperdht: run npm install hyperdht hypercore-id-encoding')
      : fail(`SWARM needs the package hyperdht, which does not run here: ${reason(error)}`);
  }
}
