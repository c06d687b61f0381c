/** What a node says at /readyz: whether it is ready to serve others, or what is missing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort, say, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { type Answerer, honest, MeshPeer } from '../support/mesh-peer.js';
import type { RunningNode } from '../support/program.js';
import { MuteServers } from '../support/trap-servers.js';

const READY = '200 ready\n';
const COMPARING = '503 no comparison of pools has ended yet\n';
const UNTRIED = '503 1 known peer not reached yet, nor found to be away\n';

async function readinessOf(node: RunningNode): Promise<string> {
  const { status, headers, body } = await visit(node, '/readyz');
  assert.match(String(headers['content-type']), /^text\/plain\b/);
  assert.equal(headers['retry-after'] !== undefined, status === 503);
  return `${status} ${body}`;
}

async function untilItSays(node: RunningNode, expected: string): Promise<void> {
  let said = '';
  await until(
    () => `${node.name} to say ${expected.trim()}; it says ${said.trim()}`,
    async () => {
      said = await readinessOf(node);
      return said === expected;
    },
  );
}

/** Answers as the node wants, but not before it is let go. */
function held(answerer: Answerer): { answer: Answerer; letGo(): void } {
  let letGo = () => {};
  const released = new Promise<void>((done) => {
    letGo = done;
  });
  return { answer: (request) => released.then(() => answerer(request)), letGo };
}

describe('a node is ready', { concurrency: 4 }, () => {
  test('at once if it knows no other', () =>
    withHostedNodes(async (network) => {
      assert.equal(await readinessOf(await network.startNode()), READY);
    }));

  test('when the peers that it knows were tried, and are away', () =>
    withHostedNodes(async (network) => {
      const mute = network.keep(await MuteServers.open(1));
      const known = [...mute.addresses, `ws://localhost:${await freePort()}`];
      const node = await network.startNode('node-1', known);
      await until('the dial of the mute one', () => mute.accepted > 0);
      await untilItSays(node, UNTRIED);
      mute.close();
      await untilItSays(node, READY);
    }));

  test('beside a plain peer, which compares no pools', () =>
    withHostedNodes(async (network) => {
      const { node } = await network.startNodeWithPeer();
      await untilItSays(node, READY);
    }));

  test('when its first comparison has ended, and not while it lasts', () =>
    withHostedNodes(async (network) => {
      const { answer, letGo } = held(honest(['{"id":"a"}']));
      const partner = network.keep(await MeshPeer.open(answer));
      const node = await network.startNode('node-1', [partner.address]);
      await until('a question', () => partner.asked('GET_NODES') === 1);
      assert.equal(await readinessOf(node), COMPARING);
      letGo();
      await untilItSays(node, READY);
      assert.equal(partner.asked('GET_TRANSACTIONS'), 1);
    }));

  test('when a comparison failed, and there is nobody else to compare with', () =>
    withHostedNodes(async (network) => {
      const { answer, letGo } = held(() => '{"type":"KEYS","data":{"keys":""}}');
      const liar = network.keep(await MeshPeer.open(answer));
      const node = await network.startNode('node-1', [liar.address]);
      await until('a question', () => liar.asked('GET_NODES') === 1);
      assert.equal(await readinessOf(node), COMPARING);
      letGo();
      await untilItSays(node, READY);
    }));

  test('when a peer that is to begin has compared the pools, and asks no more', () =>
    withHostedNodes(async (network) => {
      const first = network.keep(await MeshPeer.open(honest([]), '0'.repeat(32)));
      const node = await network.startNode('node-1', [first.address]);
      const socket = await first.dial(node.address);
      await untilItSays(node, COMPARING);
      socket.send('{"type":"GET_NODES","data":[""]}');
      await untilItSays(node, READY);
      assert.equal(first.asked('GET_NODES'), 0, 'the node has asked nothing itself');
    }));

  test('and stays so, whoever comes', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      assert.equal(await readinessOf(node), READY);
      const silent = network.keep(await MeshPeer.open(() => undefined));
      await say(node.address, { type: 'HANDSHAKE', data: [silent.address] });
      await until('a question', () => silent.asked('GET_NODES') === 1);
      assert.equal(await readinessOf(node), READY);
    }));
});

test('two that start together are both ready soon, whichever of them compares', () =>
  withHostedNodes(async (network) => {
    const [first, second] = [await freePort(), await freePort()];
    await network.addNode('node-1', first, [`ws://localhost:${second}`]);
    await network.addNode('node-2', second, [`ws://localhost:${first}`]);
    const nodes = [network.launch('node-1', first), network.launch('node-2', second)];
    for (const node of nodes) {
      await node.listening();
      await untilItSays(node, READY);
    }
  }));
