/**
 * Writes the figures of bench/results.json into README.md and into docs/, and draws
 * bench/results.svg. Run by `npm run docs`, and at the end of a full benchmark.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withSection } from '../docs/sections.js';
import { PROJECT } from '../test/support/helpers.js';
import { drawCharts } from './charts.js';
import { type Results, readResults } from './results.js';
import { sectionsOf, summaryOf, swarmSummaryOf } from './tables.js';

const README = 'README.md';
const SWARM = 'docs/swarm.md';
const BENCHMARKS = 'docs/benchmarks.md';
const CHARTS = 'bench/results.svg';
const TRIAL = 'bench/trial.svg';

/**
 * The text of each file as it should be, by its path in the project.
 *
 * @throws Error when a document lacks the comments that mark where the figures are
 */
export function documentsOf(results: Results): ReadonlyMap<string, string> {
  let benchmarks = read(BENCHMARKS);
  for (const [name, text] of sectionsOf(results)) {
    benchmarks = withSection(BENCHMARKS, benchmarks, marksOf(name), `\n\n${text}\n\n`);
  }
  const readme = withSection(README, read(README), marksOf('figures'), summaryOf(results));
  const swarm = withSection(
    SWARM,
    read(SWARM),
    marksOf('figures'),
    `\n\n${swarmSummaryOf(results)}\n\n`,
  );
  return new Map([
    [README, readme],
    [SWARM, swarm],
    [BENCHMARKS, benchmarks],
    [CHARTS, drawCharts(results)],
  ]);
}

/** @returns the paths of the files, in the project */
export function writeDocuments(results: Results): string[] {
  const documents = documentsOf(results);
  for (const [path, text] of documents) writeFileSync(join(PROJECT, path), text);
  return [...documents.keys()];
}

/**
 * Draws figures that are not those of a full run, for a look at them.
 *
 * @returns the path of the file, in the project
 */
export function drawTrial(results: Results): string {
  writeFileSync(join(PROJECT, TRIAL), drawCharts(results));
  return TRIAL;
}

function marksOf(name: string): [string, string] {
  return [`<!-- ${name}: written by npm run docs -->`, `<!-- end of ${name} -->`];
}

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeDocuments(readResults());
