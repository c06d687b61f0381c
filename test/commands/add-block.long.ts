/** add-block.js: what it includes, what it says, and how it ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import {
  addByCommand,
  chainFile,
  chainOf,
  readChain,
  untilOneChain,
} from '../support/chain-checks.js';
import { DEADLINE_MS, isJson, until, within } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

const ACCEPTED =
  /^(ws:\S+) accepted block (\d+) \(([0-9a-f]{64})\), (\d+) transactions?, after \d+\.\d s \(\d+ hashes\/s\)(?:; (?:more than )?\d+ left in the pool)?$/;

/** What a line says of a block: by whom it was accepted, its height, hash and transactions. */
function readLine(line: string): [string, number, string, number] {
  const [, address, height, hash, count] = ACCEPTED.exec(line) ?? assert.fail(line);
  return [`${address}`, Number(height), `${hash}`, Number(count)];
}

test('two add-block at one node both make all their blocks, each of which is in the chain', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const run = () => addByCommand(network, node, '--count', '10', '--empty');
    const lines = (await Promise.all([run(), run()])).flat().map(readLine);
    const [, ...blocks] = await untilOneChain([node], 20);
    const said = lines.map(([, height, hash]) => `${height} ${hash}`);
    const found = blocks.map(({ height, hash }) => `${height} ${hash}`);
    assert.deepEqual(said.sort(), found.sort());
  }));

test('add-block that is interrupted says so, whatever the node does, and leaves a chain', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    for (const isStopped of [false, true]) {
      const adding = network.start(['add-block.js', '--count', '1000000', '--empty']);
      await until('a first block', () => adding.lines.length > 1);
      if (isStopped) node.process.kill('SIGSTOP');
      assert.equal(await within(DEADLINE_MS, adding.end('SIGINT')), 130);
      node.process.kill('SIGCONT');
      const lines = `${adding.stdout}${adding.stderr}`.trimEnd().split('\n');
      const accepted = lines.filter((line) => ACCEPTED.test(line)).map(readLine);
      assert.equal(lines.length, accepted.length + 1, lines.join('\n'));
      assert.match(lines.at(-1) as string, /^Interrupted: ./);
      let text = '';
      await until('each of these blocks in the file', async () => {
        text = await fs.readFile(chainFile(node), 'utf8');
        return accepted.every(([, , hash]) => text.includes(hash)) && isJson(text);
      });
      const chain = readChain(text);
      for (const [, height, hash] of accepted) assert.equal(chain[height]?.hash, hash);
    }
  }));

test('add-block inside a node folder is for that node, also without its ending', () =>
  withNetwork(async (network) => {
    const other = await network.startNode();
    const node = await network.startNode('node-2');
    for (const [index, [script, folder]] of (
      [
        ['add-block', 'node-2'],
        ['./add-block.js', 'node-2'],
        ['node-2/add-block.js', '.'],
        ['../add-block.js', 'node-2'],
      ] as const
    ).entries()) {
      const { stdout } = await network.run([script, '--empty'], folder);
      assert.deepEqual(readLine(stdout.trimEnd()).slice(0, 2), [node.address, index + 1]);
    }
    assert.equal((await chainOf(other)).length, 1);
  }));
