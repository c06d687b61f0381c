/** What a node tells those who watch it, at /metrics, in the text format of Prometheus. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { ask, give, makeIds } from '../support/client.js';
import { freePort, makeTransaction, PROJECT, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { metricsOf, SYNC_BOUNDS, TYPES, untilMetric } from '../support/metrics.js';
import { statusOf, untilStatus } from '../support/status.js';

const KINDS = {
  mesh_build_info: 'gauge',
  mesh_ready: 'gauge',
  mesh_peers: 'gauge',
  mesh_recognised_peers: 'gauge',
  mesh_clients: 'gauge',
  mesh_connections: 'gauge',
  mesh_dials_total: 'counter',
  mesh_messages_total: 'counter',
  mesh_message_bytes_total: 'counter',
  mesh_transactions_total: 'counter',
  mesh_relayed_copies_total: 'counter',
  mesh_pool_transactions: 'gauge',
  mesh_pool_bytes: 'gauge',
  mesh_pool_max_bytes: 'gauge',
  mesh_reconciliations_total: 'counter',
  mesh_failed_reconciliations_total: 'counter',
  mesh_reconciliation_keys_total: 'counter',
  mesh_reconciliation_duration_seconds: 'histogram',
  mesh_chain_height: 'gauge',
  mesh_chain_bytes: 'gauge',
  mesh_chain_max_bytes: 'gauge',
  mesh_blocks_total: 'counter',
  mesh_reorganisations_total: 'counter',
  mesh_disk_failing: 'gauge',
  mesh_unsaved_bytes: 'gauge',
  mesh_disk_sync_duration_seconds: 'histogram',
};
const MESSAGES = ['in', 'out'].flatMap((direction) =>
  TYPES.map((type) => `type="${type}",direction="${direction}"`),
);
const FILES = ['file="pool"', 'file="chain"'];
const COMPARISON_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, '+Inf'];
/** Of what is told apart by labels, all that there may be. */
const LABELLED: Record<string, readonly string[]> = {
  mesh_build_info: ['version="0.1.0"'],
  mesh_connections: ['direction="inbound"', 'direction="outbound"'],
  mesh_dials_total: ['result="connected"', 'result="failed"'],
  mesh_messages_total: MESSAGES,
  mesh_message_bytes_total: MESSAGES,
  mesh_transactions_total: ['accepted', 'duplicate', 'rejected'].map((each) => `outcome="${each}"`),
  mesh_reconciliation_keys_total: ['result="fetched"', 'result="offered"'],
  mesh_unsaved_bytes: FILES,
};
/** All that is there of ours; of what is told apart by a label, each from the start. */
const OURS = [
  ...Object.entries(KINDS)
    .filter(([, kind]) => kind !== 'histogram')
    .flatMap(([name]) => LABELLED[name]?.map((labels) => `${name}{${labels}}`) ?? name),
  ...histogram('mesh_reconciliation_duration_seconds', COMPARISON_BOUNDS),
  ...FILES.flatMap((file) => histogram('mesh_disk_sync_duration_seconds', SYNC_BOUNDS, file)),
];
/** What is above nothing in a new node, which writes the first block of its chain. */
const FROM_THE_START =
  /^mesh_(build_info|ready$|pool_bytes|chain_bytes|\w+_max_bytes|\w+\{file="chain")/;
/** The series of a histogram. */
function histogram(name: string, bounds: readonly (number | string)[], labels = ''): string[] {
  const before = labels === '' ? '' : `${labels},`;
  const alone = labels === '' ? '' : `{${labels}}`;
  const buckets = bounds.map((bound) => `${name}_bucket{${before}le="${bound}"}`);
  return [...buckets, `${name}_sum${alone}`, `${name}_count${alone}`];
}

test('a new node has all metrics, of the right kind and at nothing, and those of its process', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const { samples, kinds } = await metricsOf(node);
    const ours = [...samples.keys()].filter((name) => name.startsWith('mesh_'));
    assert.deepEqual(ours.sort(), [...OURS].sort());
    for (const name of OURS) {
      if (FROM_THE_START.test(name)) assert.ok(Number(samples.get(name)) >= 0, name);
      else assert.equal(samples.get(name), 0, name);
    }
    assert.equal(samples.get('mesh_ready'), 1, 'there is nobody to compare pools with');
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

test('docs/operating.md has a row for each metric of ours', async () => {
  const text = await readFile(join(PROJECT, 'docs/operating.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (`mesh_.+?`) \|/gm)].flatMap(([, cell]) => cell?.split(', '));
  assert.deepEqual(
    rows.sort(),
    Object.keys(KINDS)
      .map((name) => `\`${name}\``)
      .sort(),
  );
});

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
      await untilMetric(each, 'mesh_blocks_total', 1);
    }
    await stranger.close();
    await untilMetric(node, 'mesh_peers', 1);
    // Nobody can make them more, whatever they are called.
    const { samples } = await metricsOf(node);
    assert.deepEqual([...samples.keys()].filter((name) => /^mesh_/.test(name)).sort(), OURS.sort());
    const { transactions } = await statusOf(node);
    assert.equal(samples.get('mesh_transactions_total{outcome="accepted"}'), transactions.accepted);
  }));
