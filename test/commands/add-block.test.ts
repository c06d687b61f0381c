/** add-block.js: what it includes, what it says, and how it ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { startWithChain, trunkTo } from '../support/chain.js';
import {
  addByCommand,
  includedIds,
  untilOneChain,
  untilPoolsAre,
} from '../support/chain-checks.js';
import { ask, Client, give, makeIds } from '../support/client.js';
import { outcomeOfScript } from '../support/failing.js';
import { freePort, makeTransaction, onTerminal } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import type { AnyNetwork } from '../support/network.js';
import { PlainPeer } from '../support/plain-peer.js';

const ACCEPTED =
  /^(ws:\S+) accepted block (\d+) \(([0-9a-f]{64})\), (\d+) transactions?, after \d+\.\d s \(\d+ hashes\/s\)(?:; (?:more than )?\d+ left in the pool)?$/;

/** What a line says of a block: by whom it was accepted, its height, hash and transactions. */
function readLine(line: string): [string, number, string, number] {
  const [, address, height, hash, count] = ACCEPTED.exec(line) ?? assert.fail(line);
  return [`${address}`, Number(height), `${hash}`, Number(count)];
}

const runAddBlock = (network: AnyNetwork, ...args: string[]) =>
  network.run(['add-block.js', ...args]);

/** For what is decided by the arguments alone. */
const inThisProcess = (network: AnyNetwork, ...args: string[]) =>
  outcomeOfScript(network.path('add-block.js'), args);

interface Mistake {
  readonly what: string;
  readonly run?: typeof inThisProcess;
  /** Returns the arguments. */
  readonly make: (network: AnyNetwork) => Promise<string[]>;
  readonly says: RegExp;
}

const mistakes: Mistake[] = [
  ...(
    [
      [['--colour'], /^Unknown option '--colour'; --help lists what there is$/],
      [['--count', '0'], /^--count 0 is not a whole number of 1 or more$/],
      [['--count'], /^Option '--count <value>' argument missing; --help/],
      [['--all', '--count', '2'], /^Give --all without --count and --empty: it ends when/],
      [['--empty=yes'], /^Option '--empty' does not take an argument; --help/],
      [['--node', 'node-9'], /^There is no node folder node-9; there is node-1$/],
      [['--address', 'http://localhost:1'], /^--address http:\/\/localhost:1 is not an address/],
      [['--node', 'node-1', '--address', 'ws://localhost:1'], /^Give either --node or --address/],
    ] as const
  ).map(([args, says]) => ({
    what: args.join(' '),
    run: inThisProcess,
    make: async () => [...args],
    says,
  })),
  {
    what: 'no node listening',
    make: async (network) => {
      await network.addNode('node-1', await freePort(), []);
      return [];
    },
    says: /^No node is listening on ws:\/\/localhost:\d+: start it with node index\.js in its folder$/,
  },
  {
    what: 'an empty pool',
    make: async (network) => {
      await network.startNode();
      return [];
    },
    says: /^The pool of ws:\/\/localhost:\d+ is empty: there is nothing to put into a block \(--empty makes one without transactions\)$/,
  },
  {
    what: 'no NETWORK_SECRET where there is one',
    make: (network) => makeSecretNode(network, 'a secret that nobody knows'),
    says: /^ws:\S+ lets in only who knows its NETWORK_SECRET: set the same one in \.env$/,
  },
];

/** Starts a node with a secret, which the folder that add-block.js is for does not have. */
async function makeSecretNode(network: AnyNetwork, secret: string): Promise<string[]> {
  const port = await freePort();
  await network.addNode('node-2', port, []);
  await network.write('node-2/.env', `PORT=${port}\nNETWORK_SECRET=${secret}\n`);
  const { address } = await network.launch('node-2', port).listening();
  return ['--empty', '--address', address];
}

for (const { what, run = runAddBlock, make, says } of mistakes) {
  test(`add-block tells a mistake in one line: ${what}`, () =>
    withHostedNodes(async (network) => {
      const { code, stdout, stderr } = await run(network, ...(await make(network)));
      assert.equal(stdout, '');
      assert.match(stderr.trimEnd(), /^[^\n]+$/);
      assert.match(stderr.trimEnd(), says);
      assert.equal(code, 1);
    }));
}

test('add-block says nothing to a plain peer, but to the person that it keeps no chain', () =>
  withHostedNodes(async (network) => {
    const peer = network.keep(await PlainPeer.join([]));
    const { code, stdout, stderr } = await runAddBlock(
      network,
      '--empty',
      '--address',
      peer.address,
    );
    assert.match(stderr, /^ws:\S+ is [^\n]*\bno chain\n$/);
    assert.deepEqual([code, stdout], [1, '']);
    assert.deepEqual([peer.connections, peer.heard, peer.crashes], [1, [], []]);
  }));

test('add-block with another NETWORK_SECRET is not let in, with the same one it is', () =>
  withHostedNodes(async (network) => {
    const args = await makeSecretNode(network, 'one that both of them know');
    await network.write('node-1/.env', 'PORT=4001\nNETWORK_SECRET=one of its own and long\n');
    const { code, stdout, stderr } = await runAddBlock(network, ...args);
    assert.match(stderr, /^ws:\S+ lets in only who knows its NETWORK_SECRET: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal((await runAddBlock(network, '--empty', '--node', 'node-2')).code, 0);
  }));

test('add-block explains itself with --help', () =>
  withHostedNodes(async (network) => {
    const { code, stdout, stderr } = await inThisProcess(network, '--help');
    assert.match(stdout, /^Usage: node add-block\.js \[options\]\n/);
    assert.match(stdout, /--count N.*--empty.*--node NAME.*--address URL.*--help/s);
    assert.deepEqual([code, stderr], [0, '']);
  }));

test('add-block says which block was accepted: that one is in the chain, and not in the pool', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await give(node.address, ['a', 'b']);
    const one = await runAddBlock(network);
    await give(node.address, ['c']);
    const two = await runAddBlock(network, '--address', node.address);
    assert.deepEqual([one.code, two.code, one.stderr, two.stderr], [0, 0, '', '']);
    const said = [one, two].map(({ stdout }) => readLine(stdout.trimEnd()));
    const [, first, second] = await untilOneChain([node], 2);
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(said, [
      [node.address, 1, first.hash, 2],
      [node.address, 2, second.hash, 1],
    ]);
    assert.deepEqual([includedIds([first]), includedIds([second])], [['a', 'b'], ['c']]);
    assert.match(one.stdout, / 2 transactions, /);
    assert.match(two.stdout, / 1 transaction, /);
    for (const { timestamp } of [first, second]) {
      assert.ok(Math.abs(Date.now() - timestamp) < 60_000, 'a block is of the time it is made');
    }
    await untilPoolsAre([node], []);
  }));

test('add-block takes the oldest first, as many as a block can hold, the rest in the next ones', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const [small, large] = [makeIds('small', 1500), makeIds('large', 9)];
    await give(node.address, small);
    // Of these, four are no larger than a block may be, but for what else is in it.
    const pad = 'x'.repeat(
      65_500 - JSON.stringify({ ...makeTransaction('large0'), pad: '' }).length,
    );
    await ask(node.address, ...large.map((id) => ({ ...makeTransaction(id), pad })));
    const { code, stdout, stderr } = await runAddBlock(network, '--count', '9');
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines.pop() ?? '', /^The pool of ws:\S+ is empty now: 4 of 9 blocks made$/);

    const chain = await untilOneChain([node], 4);
    const heights = lines.map((line) => readLine(line).slice(1));
    const included = chain.slice(1);
    assert.deepEqual(
      heights,
      included.map(({ height, hash, transactions }) => [height, hash, transactions.length]),
    );
    assert.deepEqual(includedIds(included), [...small, ...large]);
    for (const [i, block] of included.slice(0, -1).entries()) {
      const next = Buffer.byteLength(included[i + 1]?.transactions[0]?.json ?? '');
      const isFull =
        block.transactions.length === LIMITS.blockTransactions ||
        Buffer.byteLength(block.json) + next + 1 > LIMITS.blockBytes;
      assert.ok(isFull, `block ${block.height} could have held another transaction`);
    }
    await untilPoolsAre([node], []);
  }));

test('add-block says what is left in the pool; with --all nothing is', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await give(node.address, makeIds('t', 2050));
    const [one] = await addByCommand(network, node);
    assert.match(one ?? '', /; (more than )?\d+ left in the pool$/);
    const all = await addByCommand(network, node, '--all');
    assert.match(all.pop() ?? '', /^The pool of \S+ is empty now: 2 blocks made$/);
    assert.deepEqual(
      all.map((line) => readLine(line)[1]),
      [2, 3],
    );
    await untilPoolsAre([node], []);
  }));

test('add-block keeps each transaction as it came, to the letter', () =>
  withHostedNodes(async (network) => {
    const indented = JSON.stringify({ id: 'zero', by: ['a', 'person'] }, null, 2);
    const node = await startWithChain(network, trunkTo(0), [], [indented]);
    const texts = [
      '{"id":"one","amount":1.0,"b":1,"a":2,"1":12345678901234567890.10}',
      '{ "id" : "two", "to":"\\u00e9 Zoë 𝄞",\n  "nested": {"n":[1e2, -0.0 ]} }',
    ];
    const client = await Client.open(node.address);
    for (const text of texts) client.socket.send(`{"type":"TRANSACTION","data":${text}}`);
    await client.received(2);
    await addByCommand(network, node);
    const [, block] = await untilOneChain([node], 1);
    assert.deepEqual(
      block?.transactions.map(({ json }) => json),
      [indented, ...texts].map((text) => text.replaceAll('\n', ' ')),
    );
  }));

test('add-block --count makes so many blocks, with --empty also of nothing', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await give(node.address, ['a']);
    const lines = await addByCommand(network, node, '--count', '5', '--empty');
    const [, ...blocks] = await untilOneChain([node], 5);
    assert.deepEqual(
      lines.map(readLine),
      blocks.map(({ height, hash }) => [node.address, height, hash, height === 1 ? 1 : 0]),
    );
    assert.deepEqual(includedIds(blocks), ['a']);
  }));

test('add-block shows a line of progress on a terminal', () =>
  withHostedNodes(async (network) => {
    await network.startNode();
    const command = 'node add-block.js --count 3 --empty';
    const { code, stdout } = await network.start(onTerminal(command), '.', 'script').result();
    assert.equal(code, 0);
    assert.match(stdout, /mining block 1: \d+ hashes\/s, \d+\.\d s/);
    assert.match(stdout, / accepted block 3 \(/);
  }));
