/** The figures in the docs are those of bench/results.json, and of nothing else. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawCharts } from '../../bench/charts.js';
import { documentsOf } from '../../bench/documents.js';
import { type Results, readResults } from '../../bench/results.js';
import type { Sample } from '../../bench/samples.js';
import { sectionsOf, show, summaryOf, swarmSummaryOf } from '../../bench/tables.js';
import { withSection } from '../../docs/sections.js';
import { PROJECT } from '../support/helpers.js';

const missing = 'it is not installed';

function sample(experiment: string, system: string, rates: readonly number[]): Sample {
  const runs = rates.map((rate) => ({ 'tx/s': rate, 'CPU µs/tx/node': 5 }));
  return { group: 0, experiment, system, runs, failures: [] };
}

function resultsOf(...samples: Sample[]): Results {
  const machine = { processor: 'Acme', processors: 2, gigabytes: 8, system: 'Linux 6', node: '20' };
  return { date: '2026-11-23T23:30:00.000Z', machine, samples };
}

function cellsOf(results: Results, section: string): string[][] {
  const rows = (sectionsOf(results).get(section) ?? '').split('\n').slice(2);
  return rows.map((row) => row.slice(2, -2).split(' | '));
}

for (const [path, text] of documentsOf(readResults())) {
  test(`${path} has the figures of bench/results.json (npm run docs)`, () => {
    assert.equal(readFileSync(join(PROJECT, path), 'utf8'), text);
  });
}

test('a system has a row with its rate, its processor time and our ratio, in three digits', () => {
  const results = resultsOf(
    sample('relay, 3 nodes', 'ours', [123_456, 100_000, 200_000]),
    sample('relay, 3 nodes', 'gossipsub', [10_000, 5_000, 20_000]),
  );
  assert.deepEqual(cellsOf(results, 'relay'), [
    ['3', 'these nodes', '123,000', '100,000–200,000', '5', '1 ×'],
    ['3', 'gossipsub', '10,000', '5,000–20,000', '5', '12.3 ×'],
  ]);
  assert.match(summaryOf(results), /123,000 transactions.*12\.3 × gossipsub/);
  assert.match(sectionsOf(results).get('machine') ?? '', /2 × Acme.*23 November 2026/);
});

test('the row of what is not installed, or has failed, says so', () => {
  const nats = sample('relay, 3 nodes', 'NATS JetStream', []);
  const [absent, failed] = cellsOf(resultsOf({ ...nats, missing }, nats), 'relay');
  assert.deepEqual(absent?.slice(0, 3), ['3', 'NATS JetStream', `not measured: ${missing}`]);
  assert.deepEqual(failed?.slice(0, 3), ['3', 'NATS JetStream', 'failed']);
});

test('what was not measured has no row, and no figure is made up for it', () => {
  const sections = sectionsOf(resultsOf());
  for (const name of ['relay', 'pools', 'others', 'lab', 'swarm']) {
    assert.equal(
      sections.get(name)?.replace(/`.*`/, ''),
      'No run that is in  has measured this yet.',
    );
  }
  assert.equal(summaryOf(resultsOf()), '');
  const [only, ...others] = cellsOf(resultsOf(sample('in the lab, 3 nodes', 'no lab', [7])), 'lab');
  assert.deepEqual([only, others], [['no lab', '7', ''], []]);
});

test('docs/swarm.md says what a swarm costs, and that it was not measured if so', () => {
  const runs = { swarm: [50, 12, 30], TCP: [100, 6, 20] };
  const samples = Object.entries(runs).map(([system, [rate, cpu, lag]]) => ({
    ...sample('relay by the swarm, 3 nodes', system, []),
    runs: [
      { 'tx/s': rate as number, 'CPU µs/tx/node': cpu as number, 'lag p99 ms': lag as number },
    ],
  }));
  const said = swarmSummaryOf(resultsOf(...samples)).replace(/\s+/g, ' ');
  assert.match(said, /relays 0\.5 times as many .* at 2 times the processor time/);
  assert.match(said, /no longer than 30 ms; with TCP, than 20 ms\.$/);
  for (const measured of [[], samples.slice(0, 1), samples.slice(1)]) {
    assert.match(swarmSummaryOf(resultsOf(...measured)), /^No run .* has measured this yet\.$/);
  }
});

test('a single run is shown as one run, without a least and a most', () => {
  const [row] = cellsOf(resultsOf(sample('relay, 40 nodes', 'gossipsub', [30])), 'relay');
  assert.deepEqual(row?.slice(0, 4), ['40', 'gossipsub', '30', 'one run']);
});

test('each pool is compared with an empty one of the same system', () => {
  const results = resultsOf(
    sample('relay, 3 nodes, 0 pooled', 'ours', [100]),
    sample('relay, 3 nodes, 3,000,000 pooled', 'ours', [90]),
    sample('relay, 3 nodes, 0 pooled', 'theirs', [10]),
    sample('relay, 3 nodes, 1,000 pooled', 'theirs', [5]),
  );
  const last = cellsOf(results, 'pools').map((row) => [row[0], row[1], row.at(-1)]);
  assert.deepEqual(last, [
    ['0', 'these nodes', '1 ×'],
    ['3,000,000', 'these nodes', '0.9 ×'],
    ['0', 'theirs', '1 ×'],
    ['1,000', 'theirs', '0.5 ×'],
  ]);
});

test('the charts have a line and a name for each system that was measured, and for no other', () => {
  const nats = sample('relay, 3 nodes', 'NATS JetStream', []);
  const svg = drawCharts(
    resultsOf(
      sample('relay, 3 nodes', 'ours', [1000]),
      sample('relay, 40 nodes', 'ours', [100]),
      sample('relay, 3 nodes, 0 pooled', 'ours', [1000]),
      sample('relay, 3 nodes, 3,000,000 pooled', 'ours', [900]),
      sample('relay, 3 nodes', 'A & <B>', [10]),
      { ...nats, missing },
    ),
  );
  assert.equal(svg.match(/class="line"/g)?.length, 6);
  assert.match(svg, /<title>ours, 3,000,000: 900<\/title>/);
  assert.match(svg, />A &amp; &lt;B></);
  assert.doesNotMatch(svg, />NATS|NaN|Infinity|undefined/);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(drawCharts(resultsOf()), /Transactions per second: not measured/);
});

test('a section is replaced between its marks, which must be there once', () => {
  const marks = ['<!-- a -->', '<!-- b -->'] as const;
  assert.equal(
    withSection('x', 'c<!-- a -->old<!-- b -->d', marks, 'new'),
    'c<!-- a -->new<!-- b -->d',
  );
  for (const wrong of [
    '',
    '<!-- a -->',
    '<!-- a --><!-- b --><!-- b -->',
    '<!-- b --><!-- a -->',
  ]) {
    assert.throws(() => withSection('x', wrong, marks, 'new'), /^Error: x must have <!-- a -->/);
  }
});

test('figures are rounded to three digits', () => {
  assert.deepEqual([0.04567, 4.4167, 18.94, 124_141].map(show), [
    '0.046',
    '4.42',
    '18.9',
    '124,000',
  ]);
});
