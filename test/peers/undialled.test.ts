/** Nodes that cannot dial each other, because of what they call themselves, get everything all the same. */

import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { untilOneChain } from '../support/chain-checks.js';
import { give } from '../support/client.js';
import { freePort, until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import type { Network } from '../support/network.js';

/** Makes and starts a node with these lines in its .env. */
async function start(
  network: Network<HostedNode>,
  name: string,
  port: number,
  knownPeers: string[],
  ...lines: string[]
): Promise<HostedNode> {
  await network.addNode(name, port, knownPeers);
  await network.write(`${name}/.env`, [`PORT=${port}`, ...lines, ''].join('\n'));
  return network.launch(name, port);
}

/** Waits until each of two nodes has what the other was given, long before pools are compared. */
async function untilEachHas(nodes: HostedNode[], addresses: string[]): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    await give(address, [`given to ${index}`]);
    await until(`what was given to ${index}`, async () =>
      (await Promise.all(nodes.map((node) => node.poolText()))).every((text) =>
        text.includes(`given to ${index}`),
      ),
    );
  }
}

test('two that call themselves the same', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    const own = `ws://localhost:${port}`;
    const second = await start(network, 'node-2', port, [], 'HOST=127.0.0.5', `ADDRESS=${own}`);
    await until('it to listen', () => second.stdout.includes('] page: '));
    const there = `ws://127.0.0.5:${port}`;
    const first = await start(network, 'node-1', port, [there], 'HOST=127.0.0.1', `ADDRESS=${own}`);
    const says = (ip: string) =>
      new RegExp(
        `\\] warning: a node at ${ip} calls itself ${own}, as we do: one of the two needs`,
      );
    // They have one port, and so their lines are together.
    await until(
      'a line on each side',
      () => says('127.0.0.5').test(first.stdout) && /a node at 127\.0\.0\.[1-9]/.test(first.stdout),
    );
    await untilEachHas([first, second], [`ws://127.0.0.1:${port}`, there]);
  }));

test('one that is known in another kind of network', () =>
  withHostedNodes(async (network) => {
    const [port, otherPort] = [await freePort(), await freePort()];
    const node = await start(network, 'node-1', port, []);
    await until('it to listen', () => node.stdout.includes('] page: '));
    const other = await start(network, 'node-2', otherPort, [node.address], 'ADDRESS=10.0.0.1');
    const warns = (own: string, it: string) =>
      new RegExp(
        `\\] warning: a node at \\S+ calls itself ${it}, where we, as ${own}, do not dial: each needs an ADDRESS`,
      );
    const theirs = `ws://10.0.0.1:${otherPort}`;
    await until(
      () => `a line on each side: ${node.stdout}${other.stdout}`,
      () =>
        warns(node.address, theirs).test(node.stdout) &&
        warns(theirs, node.address).test(other.stdout),
    );
    await untilEachHas([node, other], [node.address, other.address]);
    await addBlock(node);
    await untilOneChain([node, other], 1);
  }));
