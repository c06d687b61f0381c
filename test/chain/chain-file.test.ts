/** blocks.json under a node: whoever wrote it, whatever cut it off, and a disk that refuses. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chain as ChainOnDisk } from '../../lib/chain/index.js';
import { addBlock } from '../support/block-maker.js';
import {
  type Chain,
  fileOf,
  grow,
  growBy,
  startWithChain,
  text,
  trunkTo,
  untilChainIs,
} from '../support/chain.js';
import { chainOf, includedIds, untilOneChain, untilPoolsAre } from '../support/chain-checks.js';
import { ChainPeer } from '../support/chain-peer.js';
import { askStatus, give } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import { failureOf } from '../support/failing.js';
import { freePort, isJson, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { type Network, withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

const FILE = 'node-1/blocks.json';
const CHAIN = growBy(trunkTo(2), 4, 'included');
/** Line 0 is the opening bracket, line 1 the genesis, and so on. */
const LINES = fileOf(CHAIN).split('\n');
const NO_BLOCK = '{"height":3,"timestamp":1,"previousHash":"","transactions":[]}';

const TURNED = fileOf(grow(CHAIN, [text('a'), text('b')])).replace(
  /({"id":"a".*}),({.*})]/,
  '$2,$1]',
);

/** The file, with one of its lines changed. */
function changed(line: number, change: (text: string) => string): string {
  return LINES.map((each, i) => (i === line ? change(each) : each)).join('\n');
}

for (const [what, file, says] of [
  ['an object', '{"blocks":[]}', 'line 1: not a JSON array'],
  ['a word', 'blocks', 'line 1: not a JSON array'],
  ['numbers', '[1,2]', 'line 1: an element is not an object'],
  ['a comma too many', changed(3, (line) => `${line},`), 'line 4: an element is not an object'],
  ['another genesis', changed(1, (line) => line.replace('3799', '3800')), 'block 0: '],
  ['no genesis', changed(1, () => ''), 'block 0: '],
  ['another object for the genesis', changed(1, () => `${NO_BLOCK},`), 'block 0: '],
  ['what is no block', changed(4, () => `${NO_BLOCK},`), 'block 3: '],
  [
    'a block with another nonce',
    changed(4, (line) => line.replace('"nonce":', '$&9')),
    'block 3: ',
  ],
  ['another transaction', changed(5, (line) => line.replace('included', 'forged')), 'block 4: '],
  ['another spelling of one', changed(5, (line) => line.replace('1.0', '1.00')), 'block 4: '],
  ['two transactions in the other order', TURNED, 'block 7: its Merkle root'],
  ['a member too many in one', changed(5, (line) => line.replace('1.0', '1.0,"b":1')), 'block 4: '],
  [
    'a transaction too many',
    changed(5, (line) => line.replace(']}', ',{"id":"b"}]}')),
    'block 4: ',
  ],
  ['a transaction too few', changed(5, (line) => line.replace(/\[.*\]/, '[]')), 'block 4: '],
  ['a block too few', changed(4, () => ''), 'block 3: '],
  ['a block twice', changed(4, (line) => `${line}\n${line}`), 'block 4: '],
  ['a transaction twice', fileOf(grow(CHAIN, [text('included 3')])), 'block 7: '],
] as const) {
  test(`a node does not start with ${what} in blocks.json, says so in a line, and leaves it`, () =>
    withHostedNodes(async (network) => {
      await network.write(FILE, file);
      const said = await failureOf(() => ChainOnDisk.open(network.path('node-1'), () => {}));
      assert.ok(said.startsWith(`${FILE}, ${says}`), said);
      assert.match(said, /^[^\n]+; mend it, or move it away$/);
      assert.equal(await network.read(FILE), file);
    }));
}

test('a node without a chain begins one, whatever is left of its file', () =>
  withHostedNodes(async (network) => {
    const genesis = fileOf(trunkTo(0));
    const files = [undefined, '', '[', '[]', '[\n]\n', genesis.slice(0, 100), genesis];
    for (const [index, file] of files.entries()) {
      const [name, port] = [`node-${index + 1}`, await freePort()];
      await network.addNode(name, port, []);
      if (file !== undefined) await network.write(`${name}/blocks.json`, file);
      await untilChainIs(await network.launch(name, port).listening(), trunkTo(0));
    }
  }));

test('a chain that is torn at its end is mended, the piece is kept, and the rest fetched again', () =>
  withHostedNodes(async (network) => {
    const peer = network.keep(await ChainPeer.open(CHAIN, { GET_LATEST_BLOCK: () => undefined }));
    const file = fileOf(CHAIN);
    const start = fileOf(CHAIN.slice(0, -1)).length - '\n]\n'.length + ',\n'.length;
    const ends = [start + 1, start + 200, file.length - '}\n]\n'.length];
    for (const [index, end] of ends.entries()) {
      const [name, port] = [`node-${index + 1}`, await freePort()];
      const its = `${name}/blocks.json`;
      await network.addNode(name, port, [peer.address]);
      await network.write(its, file.slice(0, end));
      const node = await network.launch(name, port).listening();
      await untilOneChain([node], CHAIN.length - 2);
      const torn = await network.read(`${its}.torn`);
      assert.equal(torn.trimEnd(), file.slice(start, end));
      assert.ok(node.stdout.includes(`mended: ${its}`), node.stdout);
      await peer.dial(node.address);
      peer.announce();
      await untilChainIs(node, CHAIN);
    }
  }));

test('a chain that lacks only its bracket is whole again', () =>
  withHostedNodes(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.write(FILE, fileOf(CHAIN).slice(0, -2));
    const node = await network.launch('node-1', port).listening();
    assert.equal((await untilOneChain([node], CHAIN.length - 1)).length, CHAIN.length);
    await assert.rejects(network.read(`${FILE}.torn`), { code: 'ENOENT' });
  }));

test('what is included and still in the pool at the start is taken out of it', () =>
  withHostedNodes(async (network) => {
    const pool = ['included 3', 'pooled', 'included 6'].map((id) => text(id));
    const node = await startWithChain(network, CHAIN, [], pool);
    await untilPoolsAre([node], ['pooled']);
    await untilChainIs(node, CHAIN);
  }));

const GIVEN = ['a', 'b'];
const TEXTS = GIVEN.map((id) => JSON.stringify(makeTransaction(id)));
const SEALING = grow(CHAIN, TEXTS, []);
const FORKING = grow(growBy(trunkTo(2), 7, 'other'), TEXTS);

/** A node whose disk refuses the end of another chain than the one that it has. */
async function startWithFullDisk(network: Network, theirs: Chain): Promise<NodeProcess> {
  const node = await startWithChain(network, CHAIN);
  await give(node.address, GIVEN);
  await limitFileSize(node, String(fileOf(theirs).length - 100));
  const peer = network.keep(await ChainPeer.open(theirs));
  await peer.dial(node.address);
  peer.announce();
  await until('a line', () => node.stdout.includes(`not saved: ${FILE} (`));
  await until('a file that is whole', async () => isJson(await network.read(FILE)));
  return node;
}

for (const [what, theirs] of [
  ['blocks', SEALING],
  ['another chain', FORKING],
] as const) {
  const butFor = (included: string[], ...later: string[]) =>
    [...includedIds(CHAIN), ...GIVEN, ...later].filter((id) => !included.includes(id));

  test(`a disk that refuses ${what} is told, and tried until it takes all`, ON_LINUX, () =>
    withNetwork(async (network) => {
      const node = await startWithFullDisk(network, theirs);
      await limitFileSize(node, 'unlimited');
      await until('a line', () => node.stdout.includes(`saved again: ${FILE}`));
      await untilChainIs(node, theirs);
      await untilPoolsAre([node], butFor(includedIds(theirs)));
      await addBlock(node);
      await untilOneChain([node], theirs.length);
    }),
  );

  test(`a kill while the disk refuses ${what} costs no transaction`, ON_LINUX, () =>
    withNetwork(async (network) => {
      const node = await startWithFullDisk(network, theirs);
      // Whatever was to be written to the pool before this one, is.
      await give(node.address, ['later']);
      await node.end('SIGKILL');
      const again = await network.restart(node);
      await untilPoolsAre([again], butFor(includedIds(await chainOf(again)), 'later'));
    }),
  );
}

test('what is only in a block that the disk refuses is not known, but taken', ON_LINUX, () =>
  withNetwork(async (network) => {
    const paid = makeTransaction('paid');
    const node = await startWithFullDisk(network, grow(CHAIN, [JSON.stringify(paid)]));
    assert.deepEqual(await askStatus(node.address, paid), ['accepted']);
    await node.end('SIGKILL');
    await untilPoolsAre([await network.restart(node)], [...GIVEN, 'paid']);
  }),
);
