/** Watches nodes without taking the processors from them. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../test/support/helpers.js';
import type { NodeProcess } from '../test/support/program.js';

export const LONG_MS = 120_000;
const POLL_MS = 2;

/** The time when a node has printed a line, on the clock of performance.now(). */
export function saidAtMs(node: NodeProcess, line: RegExp): Promise<number> {
  const said = new Promise<number>((resolve, reject) => {
    const look = () => {
      if (line.test(node.stdout)) resolve(performance.now());
    };
    node.process.stdout?.on('data', look);
    node.process.once('close', () => reject(new Error(`it ended: ${node.stdout}${node.stderr}`)));
    look();
  });
  return within(LONG_MS, said).catch((error: Error) => {
    throw new Error(`${node.name} has not said ${line}: ${error.message}`);
  });
}

export async function poolSizeOf({ folder }: Pick<NodeProcess, 'folder'>): Promise<number> {
  return (await stat(join(folder, 'transactions.json'))).size;
}

/** The time when the files of all these pools have this size, on the clock of performance.now(). */
export async function poolsHaveAtMs(
  nodes: readonly Pick<NodeProcess, 'folder'>[],
  bytes: number,
): Promise<number> {
  const giveUpMs = performance.now() + LONG_MS;
  for (;;) {
    const sizes = await Promise.all(nodes.map(poolSizeOf));
    if (sizes.every((size) => size === bytes)) return performance.now();
    if (sizes.some((size) => size > bytes) || performance.now() > giveUpMs) {
      throw new Error(`the pools have ${sizes.join(', ')} bytes in place of ${bytes}`);
    }
    await sleep(POLL_MS);
  }
}

/** Resident memory of a process, as only Linux reports it; NaN elsewhere. */
export async function residentMegabytes({ process: { pid } }: NodeProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return (Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024) / 1e6;
}

/** Seconds that something takes. */
export async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return (performance.now() - startedMs) / 1000;
}
