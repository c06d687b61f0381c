/** What a person sees who runs all nodes in one terminal with npm start, or a program that reads it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, onTerminal } from '../support/helpers.js';
import { type Network, withNetwork } from '../support/network.js';
import type { Program } from '../support/program.js';

const ESCAPE = '\u001b';
const PREFIX = new RegExp(
  `^(?:${ESCAPE}\\[(\\d+)m)?\\[(node-\\d)\\](?:${ESCAPE}\\[39m)? Port \\d+ is already in use`,
  'gm',
);

/** Makes three node folders on free ports, that all know the first. */
async function addNodes(network: Network): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort()];
  for (const [index, port] of ports.entries()) {
    await network.addNode(`node-${index + 1}`, port, [`ws://localhost:${ports[0]}`]);
  }
  return ports;
}

/** Starts all nodes with these variables, and none that would change what is shown. */
function start(network: Network, ...variables: string[]): Program {
  return network.start(
    [...environment(variables), 'node', 'start-nodes.js', '--no-lab'],
    '.',
    'env',
  );
}

/** As start(), on a terminal. */
function startOnTerminal(network: Network, ...variables: string[]): Program {
  const command = ['env', ...environment(variables), 'node', 'start-nodes.js', '--no-lab'].join(
    ' ',
  );
  return network.start(onTerminal(command), '.', 'script');
}

function environment(variables: string[]): string[] {
  const unset = ['CI', 'COLORTERM', 'FORCE_COLOR', 'NO_COLOR'].flatMap((name) => ['-u', name]);
  return [...unset, 'TERM=xterm', ...variables];
}

test('on a terminal each node has a colour of its own; elsewhere none, nor with NO_COLOR', () =>
  withNetwork(async (network) => {
    // Somebody listens there, so that each node says one line and all is over.
    for (const port of await addNodes(network)) await network.trap(port);
    const colours = ['node-1 36', 'node-2 35', 'node-3 32'];
    const none = ['node-1 ', 'node-2 ', 'node-3 '];
    for (const [run, variables, expected] of [
      [startOnTerminal, [], colours],
      [startOnTerminal, ['NO_COLOR=1'], none],
      [start, [], none],
      [start, ['FORCE_COLOR=1', 'NO_COLOR='], colours],
      [start, ['FORCE_COLOR=1', 'NO_COLOR=1'], none],
    ] as const) {
      const { code, stdout } = await run(network, ...variables).result();
      const name = `${run.name} ${variables}: ${stdout}`;
      const found = stdout.matchAll(PREFIX);
      const shown = [...found].map(([, colour = '', node]) => `${node} ${colour}`).sort();
      assert.deepEqual(shown, expected, name);
      assert.equal(stdout.includes(ESCAPE), expected === colours, name);
      assert.equal(code, 1);
    }
  }));
