/** The files that a full benchmark writes: every sample, and two charts. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../test/support/helpers.js';
import { drawCharts } from './charts.js';
import type { Sample } from './samples.js';

const SAMPLES_FILE = 'bench/results.json';
const CHARTS_FILE = 'bench/results.svg';

/** @returns a line that says what was written */
export async function writeResults(samples: readonly Sample[]): Promise<string> {
  const results = { date: new Date().toISOString(), machine: machine(), samples };
  await writeFile(join(PROJECT, SAMPLES_FILE), `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(join(PROJECT, CHARTS_FILE), drawCharts(samples, describeMachine()));
  return `${SAMPLES_FILE} and ${CHARTS_FILE} are written`;
}

/** The machine, in one line. */
export function describeMachine(): string {
  const { processor, processors, gigabytes, system, node } = machine();
  return `${processors} × ${processor}, ${gigabytes} GB, ${system}, Node.js ${node}`;
}

function machine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    gigabytes: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
