/**
 * The numbers of a node, in the text format of Prometheus. They are counted as plain numbers where
 * things happen, and get their names and labels here, when somebody asks. docs/operating.md tells
 * what each of them means for somebody who runs nodes.
 */

import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Counters, Counts } from '../counters.js';
import { LIMITS, VERSION } from '../limits.js';
import { TYPE_NAMES } from '../wire/message-types.js';
import { MetricSet, type Samples } from './metric-set.js';
import type { View } from './network-map.js';
import { isDiskFailing, type Readiness, type Readying } from './readiness.js';

interface Measured extends Readying {
  readonly peers: View;
  readonly counters: Counters;
}

/** Returns a registry that reads the numbers only when it is asked for them. */
export function createMetrics(node: Measured, readiness: Readiness): Registry {
  const set = new MetricSet();
  set.gauge(
    'mesh_build_info',
    'Always 1; the version of the node',
    () => [[{ version: VERSION }, 1]],
    ['version'],
  );
  set.gauge('mesh_ready', 'Whether /readyz says ready', () =>
    Number(readiness.whyNot() === undefined),
  );
  addNetwork(set, node);
  addTransactions(set, node);
  addChain(set, node);
  addDisk(set, node);
  addProcess(set);
  return set.registry;
}

function addNetwork(set: MetricSet, { peers, counters: { counts } }: Measured): void {
  const { connected, connections } = peers;
  const { traffic } = connections;
  set.gauge('mesh_peers', 'Peers that we are connected to', () => connected.size);
  set.gauge(
    'mesh_recognised_peers',
    'Those of them that compare pools and chains with us',
    () => [...connected.values()].filter(({ identity }) => identity !== undefined).length,
  );
  set.gauge(
    'mesh_clients',
    'Connections of programs that are no nodes',
    () => [...connections].filter((each) => each.isInbound && each.address === undefined).length,
  );
  set.gauge(
    'mesh_connections',
    'Open connections, by who opened them',
    () => {
      const open = [...connections].filter(({ socket }) => socket.readyState === socket.OPEN);
      const inbound = open.filter(({ isInbound }) => isInbound).length;
      return [
        [{ direction: 'inbound' }, inbound],
        [{ direction: 'outbound' }, open.length - inbound],
      ];
    },
    ['direction'],
  );
  set.counter(
    'mesh_dials_total',
    'Dials, by what came of them',
    () => by('result', counts, ['connected', 'failed']),
    ['result'],
  );
  const byType = (what: 'frames' | 'bytes'): Samples =>
    (['in', 'out'] as const).flatMap((direction) =>
      TYPE_NAMES.map(
        (type, number) =>
          [{ type, direction }, traffic[direction][what][number] as number] as const,
      ),
    );
  set.counter('mesh_messages_total', 'Messages that came and went', () => byType('frames'), [
    'type',
    'direction',
  ]);
  set.counter('mesh_message_bytes_total', 'The bytes in them', () => byType('bytes'), [
    'type',
    'direction',
  ]);
}

function addTransactions(set: MetricSet, { pool, counters }: Measured): void {
  const { counts, comparisons } = counters;
  set.counter(
    'mesh_transactions_total',
    'Transactions that came, by what became of them',
    () => by('outcome', counts, ['accepted', 'duplicate', 'rejected']),
    ['outcome'],
  );
  set.counter('mesh_relayed_copies_total', 'Copies of transactions sent on', () => counts.relayed);
  set.gauge('mesh_pool_transactions', 'Transactions in the pool', () => pool.size.transactions);
  set.gauge('mesh_pool_bytes', 'Length of the file of the pool', () => pool.size.bytes);
  set.gauge('mesh_pool_max_bytes', 'The length that it may reach', () => pool.size.maxBytes);
  set.counter(
    'mesh_reconciliations_total',
    'Comparisons of pools with others',
    () => counts.compared,
  );
  set.counter(
    'mesh_failed_reconciliations_total',
    'Comparisons that the other end let fail',
    () => counts.notCompared,
  );
  set.counter(
    'mesh_reconciliation_keys_total',
    'Keys that a comparison found missing, by what followed',
    () => by('result', counts, ['fetched', 'offered']),
    ['result'],
  );
  set.histogram('mesh_reconciliation_duration_seconds', 'How long comparisons of pools took', [
    [{}, comparisons],
  ]);
}

function addChain(set: MetricSet, { chain, counters: { counts } }: Measured): void {
  set.gauge('mesh_chain_height', 'Height of the latest block', () => chain.height);
  set.gauge('mesh_chain_bytes', 'Length of the file of the chain', () => chain.bytes);
  set.gauge('mesh_chain_max_bytes', 'The length that it may reach', () => LIMITS.chainBytes);
  set.counter('mesh_blocks_total', 'Blocks added to the chain', () => counts.blocks);
  set.counter(
    'mesh_reorganisations_total',
    'Forks that replaced a part of the chain',
    () => counts.reorganised,
  );
}

function addDisk(set: MetricSet, node: Measured): void {
  const { pool, chain } = node;
  set.gauge('mesh_disk_failing', 'Whether the disk refused the last write', () =>
    Number(isDiskFailing(node)),
  );
  set.gauge(
    'mesh_unsaved_bytes',
    'What waits for the disk',
    () => [
      [{ file: 'pool' }, pool.disk.unsavedBytes],
      [{ file: 'chain' }, chain.disk.unsavedBytes],
    ],
    ['file'],
  );
  set.histogram('mesh_disk_sync_duration_seconds', 'How long each write took, with its sync', [
    [{ file: 'pool' }, pool.disk.syncs],
    [{ file: 'chain' }, chain.disk.syncs],
  ]);
}

/** Those that prom-client knows of the process; its counters of processor time begin only now. */
function addProcess(set: MetricSet): void {
  const { registry } = set;
  collectDefaultMetrics({ register: registry });
  const cpu = (name: string, help: string, read: (usage: NodeJS.CpuUsage) => number) => {
    registry.removeSingleMetric(name);
    set.counter(name, help, () => read(process.cpuUsage()) / 1e6);
  };
  cpu(
    'process_cpu_seconds_total',
    'Processor time of the process',
    ({ user, system }) => user + system,
  );
  cpu('process_cpu_user_seconds_total', 'The part of it in user mode', ({ user }) => user);
  cpu('process_cpu_system_seconds_total', 'The part of it in the kernel', ({ system }) => system);
}

function by(label: string, counts: Readonly<Counts>, names: readonly (keyof Counts)[]): Samples {
  return names.map((name) => [{ [label]: name }, counts[name]]);
}
