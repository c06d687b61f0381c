/** Peers that announce what is wrong to a node, and somebody honest beside them. */

import assert from 'node:assert/strict';
import type { WebSocket } from 'ws';
import { type Chain, grow, growBy, startWithChain, tipOf, trunkTo, untilChainIs } from './chain.js';
import { ChainClient } from './chain-client.js';
import { type BlockAnswerers, ChainPeer } from './chain-peer.js';
import { type Forgery, included } from './forgeries.js';
import { until } from './helpers.js';
import type { AnyNetwork } from './network.js';
import type { RunningNode } from './program.js';

/** What all have: there is a transaction in it that forgeries include again. */
export const base = growBy(grow(trunkTo(2), [included]), 2, 'base');

/** A node with a chain, and somebody honest that it has asked. */
export async function startBesideHonest(
  network: AnyNetwork,
  chain: Chain,
): Promise<{ node: RunningNode; honest: ChainPeer }> {
  const honest = network.keep(await ChainPeer.open(chain));
  const node = await startWithChain(network, chain, [honest.address]);
  await until('a connection', () => honest.asked('GET_LATEST_BLOCK').length > 0);
  await honest.dial(node.address);
  return { node, honest };
}

/** Has a peer announce the end of a chain to a node, and gives its connection. */
export async function announce(
  network: AnyNetwork,
  node: RunningNode,
  chain: Chain,
  lies: BlockAnswerers = {},
): Promise<{ misbehaving: ChainPeer; socket: WebSocket }> {
  const misbehaving = network.keep(await ChainPeer.open(chain, lies));
  const socket = await misbehaving.dial(node.address);
  misbehaving.announce();
  return { misbehaving, socket };
}

/** Has a peer announce the end of a chain, and waits until it is closed for what is wrong. */
export async function isClosedFor(
  { what, reason }: Pick<Forgery, 'what' | 'reason'>,
  network: AnyNetwork,
  node: RunningNode,
  chain: Chain,
  lies?: BlockAnswerers,
): Promise<ChainPeer> {
  const { misbehaving, socket } = await announce(network, node, chain, lies);
  let closed = '';
  socket.once('close', (code, why) => {
    closed = `${code} ${why}`;
  });
  await until(
    () => `one with ${what} to be closed; the node said: ${node.stdout}`,
    () => closed !== '',
  );
  assert.ok(closed.startsWith('1008 ') && closed.includes(reason), `${what}: ${closed}`);
  const lines = node.lines.filter((line) => line.includes(' closed: ') && line.includes(reason));
  assert.ok(lines.length > 0, `${what}: ${node.stdout}`);
  return misbehaving;
}

/** Makes sure that a node has this chain, and takes the next block from somebody honest. */
export async function goesOn(node: RunningNode, honest: ChainPeer, chain: Chain): Promise<void> {
  const client = await ChainClient.open(node.address);
  assert.equal((await client.latest()).hash, tipOf(chain).hash);
  client.close();
  honest.chain = growBy(chain, 1, 'honest');
  honest.announce();
  await untilChainIs(node, honest.chain);
  assert.ok(!node.stdout.includes(`disconnected: ${honest.address}`), node.stdout);
}
