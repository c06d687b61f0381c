/** One chain, however long it is, and whatever was cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'fs-extra';
import { addBlock } from '../support/block-maker.js';
import { fileOf, grow, startWithChain, text, trunkTo } from '../support/chain.js';
import { chainFile, includedIds, untilOneChain, untilPoolsAre } from '../support/chain-checks.js';
import { askStatus, give, makeIds } from '../support/client.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

/** A node that is cut off dials again after a while, and then it takes two seconds. */
const HEALING_MS = 60_000;

test('one that joins gets the whole chain, of a thousand blocks, to the byte', () =>
  withNetwork(async (network) => {
    const contents = Array.from({ length: 1000 }, (_, i) =>
      makeIds(`${i}, `, i % 10).map((id) => text(id)),
    );
    const whole = grow(trunkTo(0), ...contents);
    await network.write('node-1/blocks.json', fileOf(whole));
    const nodes = await network.startMesh(3);
    const joining = await network.startNode('node-4', [(nodes[2] as NodeProcess).address]);
    await untilOneChain([...nodes, joining], 1000);
    assert.equal(await fs.readFile(chainFile(joining), 'utf8'), fileOf(whole));
    await until('a line about it', () =>
      / synchronised: blocks \d+ to 1000, from ws:/.test(joining.stdout),
    );
    const known = includedIds(whole).map(makeTransaction);
    const sample = [0, 1, 2000, -1].map((index) => known.at(index));
    assert.deepEqual(new Set(await askStatus(joining.address, ...sample)), new Set(['known']));
    await untilPoolsAre([joining], []);
  }));

test('the halves of a cut network agree on the longer chain, and lose no transaction', () =>
  withNetwork(async (network) => {
    const { nodes, switchboard } = await network.startBehindSwitchboard(4);
    const [first, second, third, fourth] = nodes as [
      NodeProcess,
      NodeProcess,
      NodeProcess,
      NodeProcess,
    ];
    for (let i = 0; i < 3; i++) await addBlock(first);
    await give(first.address, ['at both']);
    await untilOneChain(nodes, 3);
    await untilPoolsAre(nodes, ['at both']);
    switchboard.cutInTwo([0, 1]);
    const addInTurn = async (half: [NodeProcess, NodeProcess], ids: string[]) => {
      for (let i = 0; i < ids.length / 10; i++) {
        await untilOneChain(half, 3 + i);
        const node = half[(i % 2) as 0 | 1];
        await give(node.address, ids.slice(10 * i, 10 * (i + 1)));
        await addBlock(node);
      }
    };
    const [left, right] = [makeIds('left', 50), makeIds('right', 80)];
    await Promise.all([addInTurn([first, second], left), addInTurn([third, fourth], right)]);
    await untilOneChain([first, second], 8);
    const longer = await untilOneChain([third, fourth], 11);
    await give(second.address, ['left over']);
    await give(fourth.address, ['right over']);
    switchboard.healAll();
    const chain = await untilOneChain(nodes, 11, HEALING_MS);
    assert.equal(fileOf(chain), fileOf(longer), 'the longer one is left as it was');
    assert.deepEqual(includedIds(chain).sort(), ['at both', ...right].sort());
    await untilPoolsAre(nodes, [...left, 'left over', 'right over'], HEALING_MS);

    const reorganised =
      / reorganised: blocks 4 to 8 replaced by (blocks )?4 to 11, from ws:\S+, 50 transactions (are )?back in the pool$/;
    for (const node of nodes) {
      const found = node.lines.filter((line) => line.includes('] reorganised: '));
      if (node === third || node === fourth) assert.deepEqual(found, []);
      else assert.equal(found.filter((line) => reorganised.test(line)).length, 1, found.join());
    }
    await addBlock(first);
    await untilOneChain(nodes, 12);
    await untilPoolsAre(nodes, []);
  }));

test('chains that part between blocks of the largest size become one, wherever that is', () =>
  withNetwork(async (network) => {
    const large = (id: string) => [0, 1, 2, 3].map((i) => text(`${id} ${i}`, 'x'.repeat(60_000)));
    const small = (id: string) => [text(id)];
    const shared = grow(trunkTo(0), ...makeIds('both', 5).map(large));
    const ours = grow(shared, ...makeIds('ours', 5).map(small));
    const theirs = grow(shared, ...makeIds('theirs', 6).map(small));
    // Neither is the block where they part one that our node names, nor all before it one answer.
    const first = await startWithChain(network, ours);
    const port = await freePort();
    await network.addNode('node-2', port, [first.address]);
    await network.write('node-2/blocks.json', fileOf(theirs));
    const second = await network.launch('node-2', port).listening();
    await untilOneChain([first, second], theirs.length - 1);
    await untilPoolsAre([first, second], includedIds(ours.slice(shared.length)));
  }));
