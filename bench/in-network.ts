/** Experiments with nodes of ours, in a network that ends with them, also if they fail. */

import { untilFullMesh } from '../test/support/mesh.js';
import { Network } from '../test/support/network.js';
import type { Named } from '../test/support/program.js';
import type { Figures, Opened } from './experiment.js';
import { goWithUs, signal } from './fleet.js';

/** Programs that are stopped while others are measured. */
interface Stoppable {
  readonly nodes: readonly Named[];
  /** Of the nodes, and of what runs them. */
  readonly pids: readonly number[];
  run(): Promise<Figures>;
}

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

/**
 * The same, where the nodes would have something to do in between, such as to compare what a run has
 * brought: that would take processors from what is measured.
 */
export async function openStoppable(
  prepare: (network: Network) => Promise<Stoppable>,
): Promise<Opened> {
  const network = await Network.create();
  try {
    const { nodes, pids, run } = await prepare(network);
    const release = goWithUs(network.root, pids);
    return {
      run,
      pause: () => signal(pids, 'SIGSTOP'),
      resume: async () => {
        signal(pids, 'SIGCONT');
        await untilFullMesh(nodes);
      },
      close: async () => {
        signal(pids, 'SIGCONT');
        await network.close();
        release();
      },
    };
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
