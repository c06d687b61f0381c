/** All nodes of a network in one terminal, as npm start has them, but without the lab. */

import { freePort, isListening, until } from './helpers.js';
import type { Network } from './network.js';
import type { Program } from './program.js';

/** Makes three node folders on free ports, that all know the first. */
export async function addNodes(network: Network): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()];
  for (const [index, port] of ports.entries()) {
    await network.addNode(`node-${index + 1}`, port, [`ws://localhost:${ports[0]}`]);
  }
  return ports;
}

/** Starts all nodes with these variables, and none that would change what is shown. */
export function start(network: Network, ...variables: string[]): Program {
  return network.start(
    [...environment(variables), 'node', 'start-nodes.js', '--no-lab'],
    '.',
    'env',
  );
}

/** The arguments of env for a terminal with these variables, and none that would change what is shown. */
export function environment(variables: string[]): string[] {
  const unset = ['CI', 'COLORTERM', 'FORCE_COLOR', 'NO_COLOR'].flatMap((name) => ['-u', name]);
  return [...unset, 'TERM=xterm', ...variables];
}

/** Waits until each node has said where it listens. */
export function untilAllSpeak(terminal: Program, ports: number[]): Promise<void> {
  return until(
    () => `a line of each node, not: ${terminal.stdout}${terminal.stderr}`,
    () => ports.every((port) => terminal.stdout.includes(`ws://localhost:${port}, 0 trans`)),
  );
}

/** Ends all nodes, and waits until they are gone, so that their folders can go too. */
export async function end(terminal: Program, ports: number[]): Promise<void> {
  await terminal.close();
  for (const port of ports) await until('the end', async () => !(await isListening(port)));
}
