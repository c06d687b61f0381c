/** What a person sees who runs all nodes in one terminal with npm start, or a program that reads it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addNodes, end, environment, start, untilAllSpeak } from '../support/all-nodes.js';
import { connectTo, onTerminal, transactionMessage, until } from '../support/helpers.js';
import { untilFullMesh } from '../support/mesh.js';
import { type Network, withNetwork } from '../support/network.js';
import type { Program } from '../support/program.js';

const ESCAPE = '\u001b';
const PREFIX = new RegExp(
  `^(?:${ESCAPE}\\[(\\d+)m)?\\[(node-\\d)\\](?:${ESCAPE}\\[39m)? Port \\d+ is already in use`,
  'gm',
);

/** As start(), on a terminal. */
function startOnTerminal(network: Network, ...variables: string[]): Program {
  const command = ['env', ...environment(variables), 'node', 'start-nodes.js', '--no-lab'].join(
    ' ',
  );
  return network.start(onTerminal(command), '.', 'script');
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

test('under load npm start shows a line a second for all nodes, not one each', () =>
  withNetwork(async (network) => {
    const ports = await addNodes(network);
    const terminal = start(network);
    await untilAllSpeak(terminal, ports);
    const addresses = ports.map((port) => `ws://localhost:${port}`);
    await untilFullMesh(addresses.map((address) => ({ name: address, address })));
    const client = await connectTo(addresses[0] as string);
    const startedMs = performance.now();
    let sent = 0;
    const load = setInterval(() => {
      for (let i = 0; i < 8; i++) client.send(JSON.stringify(transactionMessage(`t${sent++}`)));
    }, 10);
    const tallies = () => terminal.lines.filter((line) => line.startsWith('--> '));
    /** How many transactions a node has accepted, by all lines about it. */
    const accepted = (name: string) =>
      terminal.lines.reduce((sum, line) => {
        const one = line.includes(` [${name}] `) && line.includes('] accepted: transaction ');
        const many = line.startsWith('--> ') && new RegExp(`${name} (\\d+)`).exec(line);
        return sum + Number(one) + Number(many ? many[1] : 0);
      }, 0);
    await until('some lines', () => tallies().length === 3);
    clearInterval(load);
    await until(
      () => `all transactions, ${sent}, in all pools; there is said: ${terminal.stdout}`,
      () => ['node-1', 'node-2', 'node-3'].every((name) => accepted(name) === sent),
    );
    const seconds = (performance.now() - startedMs) / 1000;
    client.terminate();
    await end(terminal, ports);

    assert.ok(tallies().length <= seconds + 2, `${tallies().length} lines in ${seconds} s`);
    assert.doesNotMatch(terminal.stdout, /\] accepted: \d/);
    for (const line of tallies()) {
      assert.match(line, /^--> accepted in the last second: node-[123] \d+.*; in the pools: \d+/);
    }
    assert.ok(tallies().some((line) => /node-1 \d+, node-2 \d+, node-3 \d+; /.test(line)));
  }));
