/** What a node tells at /metrics, as Prometheus reads it. */

import assert from 'node:assert/strict';
import { until } from './helpers.js';
import { visit } from './http.js';
import type { RunningNode } from './program.js';

/** The types by which messages are counted. */
export const TYPES = [
  ...['HANDSHAKE', 'TRANSACTION', 'RELAY', 'RECEIPT', 'GET_NODES', 'NODES', 'GET_KEYS', 'KEYS'],
  ...['GET_TRANSACTIONS', 'TRANSACTIONS', 'OFFER_KEYS', 'GET_LATEST_BLOCK', 'LATEST_BLOCK'],
  ...['GET_HEADERS', 'HEADERS', 'GET_BLOCKS', 'BLOCKS', 'other'],
];
/** The buckets of the histogram of writes, in seconds. */
export const SYNC_BOUNDS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  5,
  '+Inf',
];
const SAMPLE = /^([a-z_]\w*(?:\{(?:\w+="[^"\\\n]*",?)+\})?) (-?[\d.]+(?:e[+-]?\d+)?|NaN|[+-]Inf)$/i;

export interface Metrics {
  readonly samples: Map<string, number>;
  readonly kinds: Map<string, string>;
}

/** Reads the metrics of a node, of which each line must be in the format. */
export async function metricsOf(node: RunningNode): Promise<Metrics> {
  const { status, headers, body } = await visit(node, '/metrics');
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4\b/);
  assert.ok(body.endsWith('\n'));
  const samples = new Map<string, number>();
  const kinds = new Map<string, string>();
  for (const line of body.split('\n').filter((each) => each !== '')) {
    const [, name, kind] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    if (name !== undefined && kind !== undefined) kinds.set(name, kind);
    if (line.startsWith('#')) {
      assert.match(line, /^# (HELP \w+ .+|TYPE \w+ (counter|gauge|histogram|summary))$/);
      continue;
    }
    const [, series = '', value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
    assert.ok(!samples.has(series), `${series} twice`);
    samples.set(series, Number(value));
  }
  return { samples, kinds };
}

/** One sample of a node. */
export async function metricOf(node: RunningNode, name: string): Promise<number> {
  return (await metricsOf(node)).samples.get(name) ?? assert.fail(`no ${name}`);
}

/** Polls a metric until it has a value. */
export async function untilMetric(
  node: RunningNode,
  name: string,
  expected: number,
): Promise<void> {
  let value: number | undefined;
  await until(
    () => `${name} to be ${expected} at ${node.name}; it is ${value}`,
    async () => {
      value = (await metricsOf(node)).samples.get(name);
      return value === expected;
    },
  );
}
