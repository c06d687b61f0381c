/** What a node tells those who watch it, at /metrics, in the text format of Prometheus. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { GENESIS } from '../../lib/chain/block.js';
import { addBlock } from '../support/block-maker.js';
import { growBy, startWithChain } from '../support/chain.js';
import { ChainPeer } from '../support/chain-peer.js';
import { ask, give, makeIds } from '../support/client.js';
import { ON_LINUX } from '../support/disk.js';
import { connectTo, freePort, makeTransaction, PROJECT, say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { MeshPeer } from '../support/mesh-peer.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
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
const TYPES = [
  ...['HANDSHAKE', 'TRANSACTION', 'RELAY', 'RECEIPT', 'GET_NODES', 'NODES', 'GET_KEYS', 'KEYS'],
  ...['GET_TRANSACTIONS', 'TRANSACTIONS', 'OFFER_KEYS', 'GET_LATEST_BLOCK', 'LATEST_BLOCK'],
  ...['GET_HEADERS', 'HEADERS', 'GET_BLOCKS', 'BLOCKS', 'other'],
];
const MESSAGES = ['in', 'out'].flatMap((direction) =>
  TYPES.map((type) => `type="${type}",direction="${direction}"`),
);
const FILES = ['file="pool"', 'file="chain"'];
const SYNC_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, '+Inf'];
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

/** The series of a histogram. */
function histogram(name: string, bounds: readonly (number | string)[], labels = ''): string[] {
  const before = labels === '' ? '' : `${labels},`;
  const alone = labels === '' ? '' : `{${labels}}`;
  const buckets = bounds.map((bound) => `${name}_bucket{${before}le="${bound}"}`);
  return [...buckets, `${name}_sum${alone}`, `${name}_count${alone}`];
}

/** One sample of a node. */
async function metricOf(node: RunningNode, name: string): Promise<number> {
  return (await metricsOf(node)).samples.get(name) ?? assert.fail(`no ${name}`);
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

test('messages are counted by direction and by the types that nodes know, and their bytes', () =>
  withHostedNodes(async (network) => {
    const peer = await network.trap();
    const node = await network.startNode('node-1', [peer.address]);
    const ids = ['first', 'sécond', 'third'];
    const transactions = ids.map((id) => ({ type: 'TRANSACTION', data: { id } }));
    const evil = { type: 'EVIL"} 1\nmesh_peers 99', data: 'x' };
    await say(node.address, ...transactions, evil, { type: 'RECEIPT', data: {} }, 'no JSON');
    await until('all to be relayed', () => peer.received('TRANSACTION').length === ids.length);
    const { samples } = await metricsOf(node);
    const counted = (direction: string) =>
      Object.fromEntries(
        TYPES.map((type) => {
          const labels = `{type="${type}",direction="${direction}"}`;
          const frames = samples.get(`mesh_messages_total${labels}`);
          return [type, [frames, samples.get(`mesh_message_bytes_total${labels}`)]] as const;
        }).filter(([, [frames]]) => frames !== 0),
      );
    const total = (frames: readonly string[]) => [
      frames.length,
      Buffer.byteLength(frames.join('')),
    ];
    const others = [JSON.stringify(evil), '{"type":"RECEIPT","data":{}}', 'no JSON'];
    assert.deepEqual(counted('in'), {
      TRANSACTION: total(transactions.map((each) => JSON.stringify(each))),
      other: total(others),
    });
    const heard = peer.callers.flatMap(({ frames }) => frames);
    const isHandshake = (frame: string) => JSON.parse(frame).type === 'HANDSHAKE';
    assert.deepEqual(counted('out'), {
      HANDSHAKE: total(heard.filter(isHandshake)),
      TRANSACTION: total(heard.filter((frame) => !isHandshake(frame))),
    });
  }));

test('connections are counted by who opened them, and those of clients', () =>
  withHostedNodes(async (network) => {
    const { node } = await network.startNodeWithPeer();
    await untilMetric(node, 'mesh_connections{direction="outbound"}', 1);
    assert.equal(await metricOf(node, 'mesh_recognised_peers'), 0, 'a plain peer');
    const clients = [await connectTo(node.address), await connectTo(node.address)];
    await untilMetric(node, 'mesh_clients', 2);
    assert.equal(await metricOf(node, 'mesh_connections{direction="inbound"}'), 2);
    clients[0]?.close();
    await untilMetric(node, 'mesh_clients', 1);
    await untilMetric(node, 'mesh_connections{direction="inbound"}', 1);
    clients[1]?.close();
  }));

test('each write to the disk is in the histogram of its file, and in one of its buckets', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const name = 'mesh_disk_sync_duration_seconds';
    const read = async (file: string) => {
      const { samples, kinds } = await metricsOf(node);
      assert.equal(kinds.get(name), 'histogram');
      const buckets = SYNC_BOUNDS.map((le) => samples.get(`${name}_bucket{${file},le="${le}"}`));
      const [sum, count] = ['sum', 'count'].map((part) => samples.get(`${name}_${part}{${file}}`));
      assert.ok(buckets.every((each, index) => Number(each) >= Number(buckets[index - 1] ?? 0)));
      assert.equal(buckets.at(-1), count);
      return { sum: Number(sum), count: Number(count) };
    };
    assert.deepEqual(await read('file="pool"'), { sum: 0, count: 0 });
    await ask(node.address, makeTransaction('a'));
    await untilMetric(node, `${name}_count{file="pool"}`, 1);
    const { sum } = await read('file="pool"');
    assert.ok(sum > 0);
    await ask(node.address, makeTransaction('b'));
    await untilMetric(node, `${name}_count{file="pool"}`, 2);
    const after = await read('file="pool"');
    assert.ok(after.sum > sum);
    const before = await read('file="chain"');
    await addBlock(node);
    await untilMetric(node, `${name}_count{file="chain"}`, before.count + 1);
  }));

test('a fork that replaces our blocks is counted, and so are its blocks', () =>
  withHostedNodes(async (network) => {
    const node = await startWithChain(network, growBy([GENESIS], 2, 'ours'), [], []);
    const peer = network.keep(await ChainPeer.open(growBy([GENESIS], 3, 'theirs')));
    assert.equal(await metricOf(node, 'mesh_blocks_total'), 0, 'those from its file are not new');
    await peer.dial(node.address);
    peer.announce();
    await untilMetric(node, 'mesh_reorganisations_total', 1);
    assert.equal(await metricOf(node, 'mesh_blocks_total'), 3);
    assert.equal(await metricOf(node, 'mesh_chain_height'), 3);
  }));

test(
  'the processor time of a process is all that it has used, from the first request on',
  ON_LINUX,
  () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const ticks = async () => {
        const stat = await readFile(`/proc/${node.process.pid}/stat`, 'utf8');
        const [user, system] = stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ')
          .slice(11, 13);
        return Number(user) + Number(system);
      };
      const before = await ticks();
      assert.ok(before > 0);
      const { samples } = await metricsOf(node);
      // In hundredths of a second, and the system rounds both.
      const told = 100 * Number(samples.get('process_cpu_seconds_total'));
      assert.ok(told >= before - 2, `${told} is less than ${before}`);
      assert.ok(told <= (await ticks()) + 2, `${told} is more than there was`);
      const parts = ['user', 'system'].map((part) =>
        samples.get(`process_cpu_${part}_seconds_total`),
      );
      const sum = Number(parts[0]) + Number(parts[1]);
      assert.ok(Math.abs(100 * sum - told) < 1, `${parts}`);
    }),
);

test('a comparison of pools counts when it has come to its end, and not before', () =>
  withHostedNodes(async (network) => {
    const { node, peer: plain } = await network.startNodeWithPeer();
    const name = 'mesh_reconciliations_total';
    await untilMetric(node, 'mesh_peers', 1);
    assert.equal(await metricOf(node, name), 0, `not with ${plain.address}`);
    await give(node.address, makeIds('t', 5));
    const late = await network.startNode('node-2', [node.address]);
    const nodes = [node, late];
    await untilMetric(late, 'mesh_reconciliation_keys_total{result="fetched"}', 5);
    await until('a comparison by one of the two', async () => {
      const all = await Promise.all(nodes.map((each) => metricOf(each, name)));
      return Math.max(...all) > 0;
    });
    for (const each of nodes) {
      await untilMetric(each, 'mesh_recognised_peers', 1);
      const { samples } = await metricsOf(each);
      const duration = 'mesh_reconciliation_duration_seconds_count';
      assert.equal(samples.get(duration), samples.get(name));
      assert.equal(samples.get('mesh_failed_reconciliations_total'), 0);
    }
  }));

test('a comparison that the other end lets fail counts as such', () =>
  withHostedNodes(async (network) => {
    const liar = network.keep(
      await MeshPeer.open(() => JSON.stringify({ type: 'KEYS', data: { keys: '' } })),
    );
    const node = await network.startNode('node-1', [liar.address]);
    await untilMetric(node, 'mesh_failed_reconciliations_total', 1);
    assert.equal(await metricOf(node, 'mesh_reconciliations_total'), 0);
  }));
