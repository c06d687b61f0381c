/** What a person sees who runs all nodes in one terminal with npm start, or a program that reads it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourOf, wholeLines } from '../../lib/commands/node-lines.js';
import { addNodes, end, environment, start, untilAllSpeak } from '../support/all-nodes.js';
import { outcomeOfScript } from '../support/failing.js';
import { until } from '../support/helpers.js';
import { type Network, withNetwork } from '../support/network.js';
import type { Program, Result } from '../support/program.js';

/** Adds a line to the settings of a node. */
async function set(network: Network, name: string, line: string): Promise<void> {
  await network.write(`${name}/.env`, `${await network.read(`${name}/.env`)}\n${line}\n`);
}

/** Starts the first two nodes with these variables. */
function startTwo(network: Network, ...variables: string[]): Program {
  const command = ['node', 'start-nodes.js', '--no-lab', '--nodes', '2'];
  return network.start([...environment(variables), ...command], '.', 'env');
}

/** For a mistake that is found before any of them is started. */
function inThisProcess(network: Network): Promise<Result> {
  return outcomeOfScript(network.path('start-nodes.js'), []);
}

test('npm start says where the page of each node is before any node says anything', () =>
  withNetwork(async (network) => {
    const ports = await addNodes(network);
    await set(network, 'node-2', 'ADDRESS=10.0.0.1:80');
    await set(network, 'node-3', 'ADDRESS=wss://[fd00::1]:4443');
    // Node.js warns of a contradiction, but here nodes are not asked for colours.
    const terminal = start(network, 'FORCE_COLOR=1', 'NO_COLOR=1');
    await until('a line of each node', () =>
      [1, 2, 3].every((number) => terminal.stdout.includes(` [node-${number}] `)),
    );
    assert.deepEqual(terminal.lines.slice(0, 4), [
      'Starting node-1, node-2, node-3; Ctrl-C ends them',
      `node-1  http://localhost:${ports[0]}/`,
      'node-2  http://10.0.0.1/',
      'node-3  https://[fd00::1]:4443/',
    ]);
    await end(terminal, ports);
    const rest = terminal.lines.slice(4, -1);
    for (const line of rest) assert.match(line, /^(\S+Z )?\[node-[123]\] (\[\d+\]|ended) /);
  }));

test('npm start with a mistake in the settings of one node says so in one line', () =>
  withNetwork(async (network) => {
    await addNodes(network);
    await network.write('node-2/.env', 'PORT=4002x\n');
    const { code, stdout, stderr } = await inThisProcess(network);
    assert.match(stderr, /^node-2\/\.env: PORT must be a whole number [^\n]+\n$/);
    assert.deepEqual([code, stdout], [1, '']);
  }));

test('npm start with two nodes on one port says so in one line', () =>
  withNetwork(async (network) => {
    const [, second] = await addNodes(network);
    for (const elsewhere of ['', 'HOST=0.0.0.0\nADDRESS=10.0.0.1\n']) {
      await network.write('node-3/.env', `PORT=${second}\n${elsewhere}`);
      const { code, stdout, stderr } = await inThisProcess(network);
      assert.equal(stderr, `node-2 and node-3 both have PORT=${second}: change one of them\n`);
      assert.deepEqual([code, stdout], [1, '']);
    }
  }));

test('the colours of the first ten nodes differ, whichever of them there are', () => {
  const colours = Array.from({ length: 10 }, (_, index) => colourOf(index + 1));
  assert.equal(new Set(colours.map(String)).size, 10);
  assert.deepEqual(colourOf(11), colourOf(1));
});

test('with LOG=json there is nothing on stdout but one object a line', () =>
  withNetwork(async (network) => {
    const [first, second] = await addNodes(network);
    const ports = [Number(first), Number(second)];
    // A PORT that happens to be in the environment is for none of them.
    const terminal = startTwo(network, 'LOG=json', 'PORT=1');
    await untilAllSpeak(terminal, ports);
    await end(terminal, ports);
    assert.deepEqual([...new Set(portsIn(terminal))].sort(), [...ports].sort());
    assert.match(
      terminal.stderr,
      /^Starting .*\nnode-1 {2}http:.*\nnode-2 .*\n(node-\d ended with 0\n){2}$/,
    );
  }));

test('the same with LOG=json in a file; what ends a node is a plain line on stderr', () =>
  withNetwork(async (network) => {
    const [taken, second] = await addNodes(network);
    const ports = [Number(second)];
    await network.trap(taken);
    await set(network, 'node-1', 'LOG=json');
    const terminal = startTwo(network);
    await untilAllSpeak(terminal, ports);
    await until('the line', () => /^Port \d+ is already in use: /m.test(terminal.stderr));
    await end(terminal, ports);
    assert.deepEqual([...new Set(portsIn(terminal))].sort(), [...ports].sort());
  }));

/** The ports that the lines on stdout name, each of which is an object. */
function portsIn(terminal: Program): number[] {
  const lines = terminal.stdout.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line).port);
}

test('lines that come in pieces are handed on whole', () => {
  const text = 'one\n\nzwölf – 12\nthe end\n';
  const bytes = Buffer.from(`${text}of no line`);
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = [];
    const read = wholeLines((line) => lines.push(line));
    for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    assert.deepEqual(lines, ['one\n', '\n', 'zwölf – 12\n', 'the end\n']);
  }
});
