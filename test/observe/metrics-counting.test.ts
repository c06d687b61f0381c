/** What the metrics of a node count: messages, connections, writes, blocks, comparisons, its time. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { GENESIS } from '../../lib/chain/block.js';
import { addBlock } from '../support/block-maker.js';
import { growBy, startWithChain } from '../support/chain.js';
import { ChainPeer } from '../support/chain-peer.js';
import { ask, give, makeIds } from '../support/client.js';
import { ON_LINUX } from '../support/disk.js';
import { connectTo, makeTransaction, say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { MeshPeer } from '../support/mesh-peer.js';
import { metricOf, metricsOf, SYNC_BOUNDS, TYPES, untilMetric } from '../support/metrics.js';
import { withNetwork } from '../support/network.js';

test('messages are counted by direction and by the types that nodes know, and their bytes', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
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
