/** Networks with settings of their own, such as a secret or certificates, and what they share. */

import assert from 'node:assert/strict';
import { freePort, until } from './helpers.js';
import type { AnyNetwork, Network } from './network.js';
import type { RunningNode } from './program.js';

/** Writes the .env of node-1, which the other nodes of the network get as well. */
export async function configure(network: AnyNetwork, ...lines: string[]): Promise<void> {
  await network.write('node-1/.env', `PORT=1\n${lines.join('\n')}\n`);
}

/** Starts a node with the settings of node-1, or with others. */
export async function startNode<N extends RunningNode>(
  network: Network<N>,
  name: string,
  knownPeers: string[] = [],
  otherLines?: string,
): Promise<N> {
  const port = await freePort();
  await network.addNode(name, port, knownPeers);
  if (otherLines !== undefined) await network.write(`${name}/.env`, `PORT=${port}\n${otherLines}`);
  return network.launch(name, port).listening();
}

/** Two nodes, of which the second knows the first, and what they call each other. */
export async function startPair(network: AnyNetwork, scheme: 'ws' | 'wss'): Promise<RunningNode[]> {
  const first = await startNode(network, 'node-1');
  const nameOf = ({ port }: RunningNode) => `${scheme}://localhost:${port}`;
  const second = await startNode(network, 'node-2', [nameOf(first)]);
  await untilSays(first, `listening: ${nameOf(first)},`);
  await untilSays(first, `connected: ${nameOf(second)},`);
  await untilSays(second, `connected: ${nameOf(first)},`);
  return [first, second];
}

export function untilSays(program: RunningNode, text: string): Promise<void> {
  return until(
    () => `the line ${text}; it said: ${program.stdout}${program.stderr}`,
    () => program.stdout.includes(text),
  );
}

/** Gives one node a transaction as a person does, and waits until all have it. */
export async function checkSharing(network: AnyNetwork, nodes: RunningNode[]): Promise<void> {
  const { code, stdout, stderr } = await network.run(['add-transaction.js', '--node', 'node-1']);
  assert.equal(code, 0, stderr);
  const id = /accepted transaction ([0-9a-f]{64})/.exec(stdout)?.[1] as string;
  for (const node of nodes) {
    await until('the transaction', async () => (await node.poolText()).includes(id));
    assert.equal(node.stderr, '');
  }
}
