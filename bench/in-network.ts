/** Experiments with nodes of ours: in a network that ends with them, also where they fail. */

import { Network } from '../test/support/network.js';
import type { Figures, Opened } from './experiment.js';

/** As `open` of an experiment: makes a network ready, in which all its runs are. */
export async function openInNetwork(
  prepare: (network: Network) => Promise<() => Promise<Figures>>,
): Promise<Opened> {
  const network = await Network.create();
  try {
    return { run: await prepare(network), close: () => network.close() };
  } catch (error) {
    await network.close();
    throw error;
  }
}

/** As `open` of an experiment: has each run be in a network of its own. */
export async function openAnew(measure: (network: Network) => Promise<Figures>): Promise<Opened> {
  const run = async () => {
    const network = await Network.create();
    try {
      return await measure(network);
    } finally {
      await network.close();
    }
  };
  return { run, close: async () => {} };
}
