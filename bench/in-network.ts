/** Experiments with nodes of ours, in a network that ends with them, also if they fail. */

import { Network } from '../test/support/network.js';
import type { Figures, Opened } from './experiment.js';

/** For `open` of an experiment: prepares one network for all its runs. */
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

/** For `open` of an experiment: gives each run a network of its own. */
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
