/** The file that a full benchmark writes: every sample, and the machine. All figures are from it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../test/support/helpers.js';
import type { Sample } from './samples.js';

export interface Results {
  /** When it was measured, as ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly samples: readonly Sample[];
}

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly gigabytes: number;
  readonly system: string;
  readonly node: string;
}

const FILE = 'bench/results.json';

/** What was measured just now, on this machine. */
export function resultsOf(samples: readonly Sample[]): Results {
  return { date: new Date().toISOString(), machine: thisMachine(), samples };
}

export function readResults(): Results {
  return JSON.parse(readFileSync(join(PROJECT, FILE), 'utf8'));
}

/** @returns the path of the file, in the project */
export function writeResults(results: Results): string {
  writeFileSync(join(PROJECT, FILE), `${JSON.stringify(results, undefined, 2)}\n`);
  return FILE;
}

/** A machine, in one line. */
export function describeMachine({ processor, processors, gigabytes, system, node }: Machine) {
  return `${processors} × ${processor}, ${gigabytes} GB, ${system}, Node.js ${node}`;
}

function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    gigabytes: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
