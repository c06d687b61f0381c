/** What a node tells of a disk that refuses its files, one of them or the other: by both probes, and to Prometheus. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, growBy, startWithChain, trunkTo } from '../support/chain.js';
import { ChainPeer } from '../support/chain-peer.js';
import { askStatus } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import { makeTransaction, say, transactionMessage, until } from '../support/helpers.js';
import { visit } from '../support/http.js';
import { untilPoolsHold } from '../support/mesh.js';
import { metricOf } from '../support/metrics.js';
import { withNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';

const WELL = '200 ok, 200 ready, mesh_disk_failing 0';
const REFUSING = '503 the disk refuses, 503 the disk refuses, mesh_disk_failing 1';
const CHAIN = trunkTo(2);
/** Far longer than the pool will be. */
const LONGER = growBy(CHAIN, 4, 'included');

async function probe(node: RunningNode, path: string): Promise<string> {
  const { status, headers, body } = await visit(node, path);
  assert.match(String(headers['content-type']), /^text\/plain\b/);
  assert.equal(headers['retry-after'] !== undefined, status === 503);
  return `${status} ${body.trimEnd()}`;
}

async function untilItTells(node: RunningNode, expected: string): Promise<void> {
  let told = '';
  await until(
    () => `${expected}; it tells ${told}`,
    async () => {
      const probes = [await probe(node, '/healthz'), await probe(node, '/readyz')];
      told = `${probes.join(', ')}, mesh_disk_failing ${await metricOf(node, 'mesh_disk_failing')}`;
      return told === expected;
    },
  );
}

test('a disk that refuses what the pool is given is told, until it takes it', ON_LINUX, () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    await untilItTells(node, WELL);
    await limitFileSize(node, '0');
    await say(node.address, transactionMessage('a'));
    await untilItTells(node, REFUSING);
    await limitFileSize(node, 'unlimited');
    await untilItTells(node, WELL);
    await untilPoolsHold([node], ['a']);
  }),
);

test('a disk that refuses blocks alone, and takes transactions, is told as well', ON_LINUX, () =>
  withNetwork(async (network) => {
    const node = await startWithChain(network, CHAIN);
    await untilItTells(node, WELL);
    await limitFileSize(node, String(fileOf(LONGER).length - 100));
    const peer = network.keep(await ChainPeer.open(LONGER));
    await peer.dial(node.address);
    peer.announce();
    await untilItTells(node, REFUSING);
    assert.deepEqual(await askStatus(node.address, makeTransaction('a')), ['accepted']);
    await untilItTells(node, REFUSING);
    await limitFileSize(node, 'unlimited');
    await untilItTells(node, WELL);
  }),
);
