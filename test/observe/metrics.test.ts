/** What a node tells those who watch it, at /metrics, in the text format of Prometheus. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { ask, give, makeIds } from '../support/client.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import type { RunningNode } from '../support/program.js';
import { statusOf, untilStatus } from '../support/status.js';

const KINDS = {
  mesh_peers: 'gauge',
  mesh_dials_total: 'counter',
  mesh_transactions_total: 'counter',
  mesh_relayed_copies_total: 'counter',
  mesh_pool_transactions: 'gauge',
  mesh_pool_bytes: 'gauge',
  mesh_reconciliations_total: 'counter',
  mesh_chain_height: 'gauge',
};
const DIALS = ['connected', 'failed'].map((result) => `mesh_dials_total{result="${result}"}`);
const OUTCOMES = ['accepted', 'duplicate', 'rejected'].map(
  (outcome) => `mesh_transactions_total{outcome="${outcome}"}`,
);
/** All that is there of ours; of what is told apart by a label, each from the start. */
const OURS = [
  ...Object.keys(KINDS).filter((name) => !/^mesh_(dials|transactions)_total$/.test(name)),
  ...DIALS,
  ...OUTCOMES,
];
const SAMPLE = /^([a-z_]\w*(?:\{(?:\w+="[^"\\\n]*",?)+\})?) (-?[\d.]+(?:e[+-]?\d+)?|NaN|[+-]Inf)$/i;

interface Metrics {
  readonly samples: Map<string, number>;
  readonly kinds: Map<string, string>;
}

/** Reads the metrics of a node, of which each line must be in the format. */
async function metricsOf(node: RunningNode): Promise<Metrics> {
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

/** Polls a metric until it has a value. */
async function untilMetric(node: RunningNode, name: string, expected: number): Promise<void> {
  let value: number | undefined;
  await until(
    () => `${name} to be ${expected} at ${node.name}; it is ${value}`,
    async () => {
      value = (await metricsOf(node)).samples.get(name);
      return value === expected;
    },
  );
}

test('a new node has all metrics, of the right kind and at nothing, and those of its process', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const { samples, kinds } = await metricsOf(node);
    const ours = [...samples.keys()].filter((name) => name.startsWith('mesh_'));
    assert.deepEqual(ours.sort(), [...OURS].sort());
    for (const name of OURS.filter((each) => each !== 'mesh_pool_bytes')) {
      assert.equal(samples.get(name), 0, name);
    }
    for (const [name, kind] of Object.entries(KINDS)) assert.equal(kinds.get(name), kind, name);
    for (const name of ['process_resident_memory_bytes', 'process_start_time_seconds']) {
      assert.ok(Number(samples.get(name)) > 1_000_000, name);
    }
    assert.ok(Number(samples.get('nodejs_eventloop_lag_seconds')) >= 0);
    const cpuSeconds = Number(samples.get('process_cpu_seconds_total'));
    await until('it to have worked', async () => {
      const now = (await metricsOf(node)).samples.get('process_cpu_seconds_total');
      return Number(now) > cpuSeconds;
    });
  }));

test('each of the metrics follows what happens, and says what /status says', () =>
  withHostedNodes(async (network) => {
    const peer = await network.startNode('node-2');
    const nobody = `ws://localhost:${await freePort()}`;
    const stranger = await network.trap();
    const node = await network.startNode('node-1', [peer.address, stranger.address, nobody]);
    await untilMetric(node, 'mesh_peers', 2);
    await untilMetric(node, 'mesh_dials_total{result="connected"}', 2);
    await until('a failure', async () => {
      const failed = (await metricsOf(node)).samples.get('mesh_dials_total{result="failed"}');
      return Number(failed) >= 1;
    });

    await give(node.address, [...makeIds('t', 5), 't0', 't1']);
    await ask(node.address, { id: [] }, { id: 'x'.repeat(1000) }, makeTransaction('t2'));
    for (const [outcome, expected] of [
      ['accepted', 5],
      ['duplicate', 3],
      ['rejected', 2],
    ] as const) {
      await untilMetric(node, `mesh_transactions_total{outcome="${outcome}"}`, expected);
    }
    await untilMetric(node, 'mesh_relayed_copies_total', 10);
    await untilMetric(node, 'mesh_pool_transactions', 5);
    const { pool } = await untilStatus(
      node,
      'the same',
      (status) => status.pool.transactions === 5,
    );
    await untilMetric(node, 'mesh_pool_bytes', pool.bytes);
    await untilMetric(peer, 'mesh_transactions_total{outcome="accepted"}', 5);

    await addBlock(node);
    for (const each of [node, peer]) {
      await untilMetric(each, 'mesh_chain_height', 1);
      await untilMetric(each, 'mesh_pool_transactions', 0);
    }
    await stranger.close();
    await untilMetric(node, 'mesh_peers', 1);
    // Nobody can make them more, whatever they are called.
    const { samples } = await metricsOf(node);
    assert.deepEqual([...samples.keys()].filter((name) => /^mesh_/.test(name)).sort(), OURS.sort());
    const { transactions } = await statusOf(node);
    assert.equal(samples.get(OUTCOMES[0] ?? ''), transactions.accepted);
  }));

test('a comparison of pools counts when it has come to its end, and not before', () =>
  withHostedNodes(async (network) => {
    const { node, peer: plain } = await network.startNodeWithPeer();
    const name = 'mesh_reconciliations_total';
    await untilMetric(node, 'mesh_peers', 1);
    assert.equal((await metricsOf(node)).samples.get(name), 0, `not with ${plain.address}`);
    const nodes = [node, await network.startNode('node-2', [node.address])];
    await until('a comparison by one of the two', async () => {
      const all = await Promise.all(nodes.map(metricsOf));
      const counts = all.map(({ samples }) => Number(samples.get(name)));
      return Math.max(...counts) > 0;
    });
  }));
