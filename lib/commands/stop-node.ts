/** Nodes that run in other terminals: which do, and how a command ends one. */

import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderIn } from '../env.js';
import { fail, reason } from '../log.js';
import { holderOf, isFolderLocked } from '../storage/index.js';

const LOOK_INTERVAL_MS = 50;
const PATIENCE_MS = 10_000;

/** Those of some node folders in which a node is running. */
export async function runningOf(root: string, names: readonly string[]): Promise<string[]> {
  const areRunning = await Promise.all(
    names.map((name) => isFolderLocked(dataFolderIn(join(root, name)))),
  );
  return names.filter((_, index) => areRunning[index]);
}

/**
 * Asks the node in a folder to leave, as Ctrl-C does, and waits until it has. Ends this process with
 * one line if it does not leave.
 */
export async function stopNode(folder: string): Promise<void> {
  const name = basename(folder);
  const data = dataFolderIn(folder);
  const id = await holderOf(data);
  if (id === undefined) {
    return fail(
      `${name} does not answer: look at its terminal, or at the container that it runs in`,
    );
  }
  try {
    process.kill(id, 'SIGTERM');
  } catch (error) {
    fail(`${name} cannot be ended: ${reason(error)}`);
  }
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (await isFolderLocked(data)) {
    if (performance.now() > giveUpMs) fail(`${name} does not end: look at its terminal`);
    await sleep(LOOK_INTERVAL_MS);
  }
}
