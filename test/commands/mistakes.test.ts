/** Mistakes people make: one clear line, exit code 1, no stack trace, nothing changed. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { LIMITS } from '../../lib/limits.js';
import { readKnownPeers } from '../../lib/peers/index.js';
import { Pool } from '../../lib/pool/index.js';
import { loadSettings } from '../../lib/settings.js';
import { fileOf, trunkTo } from '../support/chain.js';
import { failureOf, outcomeOfScript } from '../support/failing.js';
import { freePort, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import type { AnyNetwork } from '../support/network.js';
import type { Result } from '../support/program.js';

interface Mistake {
  readonly what: string;
  readonly make: (network: AnyNetwork) => Promise<unknown>;
  readonly run: (network: AnyNetwork) => Promise<Result>;
  readonly says: RegExp;
}

const start = (network: AnyNetwork) => network.run(['index.js'], 'node-1');
/** What reads the files of a node, called here: a node calls it too, and says no more. */
const read = async (network: AnyNetwork): Promise<Result> => {
  const folder = network.path('node-1');
  const stderr = await failureOf(async () => {
    loadSettings(folder, {});
    readKnownPeers(folder);
    await Pool.open(folder, LIMITS.poolBytes, () => false, noLog);
  });
  return { code: 1, stdout: '', stderr };
};
const noLog = () => {};
const env = (text: string) => (network: AnyNetwork) => network.write('node-1/.env', text);
const peers = (text: string) => (network: AnyNetwork) =>
  network.write('node-1/known-peers.json', text);
const pool = (text: string) => (network: AnyNetwork) =>
  network.write('node-1/transactions.json', text);
const nothing = async () => {};

const mistakes: Mistake[] = [
  {
    what: 'no .env',
    make: (network) => fs.remove(network.path('node-1/.env')),
    run: start,
    says: /^node-1\/\.env is missing: create it with the line PORT=4001$/,
  },
  {
    what: 'no PORT',
    make: env('HOST=x\n'),
    run: read,
    says: /^node-1\/\.env: there is no PORT: add/,
  },
  ...['abc', '0', '70000', '-1', '40.5', '1e3'].map((port) => ({
    what: `PORT ${port}`,
    make: env(`PORT=${port}\n`),
    run: read,
    says: /^node-1\/\.env: PORT must be a whole number from 1 to 65535, for example PORT=4001$/,
  })),
  {
    what: 'a port in use',
    make: async (network) => {
      const port = await freePort();
      await network.trap(port);
      await network.addNode('node-1', port, []);
    },
    run: start,
    says: /^Port \d+ is already in use: end the program that uses it, or set another PORT$/,
  },
  {
    what: 'no known-peers.json',
    make: (network) => fs.remove(network.path('node-1/known-peers.json')),
    run: read,
    says: /^node-1\/known-peers\.json is missing: create it, for example \["ws/,
  },
  {
    what: 'a known-peers.json that is not JSON',
    make: peers('["ws://localhost:4001"\n'),
    run: read,
    says: /^node-1\/known-peers\.json cannot be read \(.*JSON.*\): mend it, or move it away$/,
  },
  {
    what: 'a known-peers.json that is no array',
    make: peers('{"peer":"ws://localhost:4001"}'),
    run: read,
    says: /^node-1\/known-peers\.json is not a JSON array/,
  },
  {
    what: 'an empty known-peers.json',
    make: peers('\n'),
    run: read,
    says: /^node-1\/known-peers\.json is empty: write an array, for example \["ws/,
  },
  {
    what: 'a known peer that is no address',
    make: peers('["ws://localhost:4001","http://localhost:4003"]'),
    run: read,
    says: /^node-1\/known-peers\.json: "http:\/\/localhost:4003" is not an address \(it begins with http, .*\): write it like/,
  },
  ...(
    [
      ['that is no array', '{"id":"a"}', 1, 'not a JSON array'],
      ['with something else than objects', '[{"id":"a"},\n7]', 2, 'an element is not an object'],
      ['with a typo', '[{"id":"a"},\n{"id":},\n{"id":"b"}]', 2, 'not JSON'],
      ['with a typo at its end', '[\n{"id":"a"},\n{"id":"b"]', 3, 'not JSON'],
      ['without a quote', '[\n{"id":"a"},\n{"id:"b"},\n{"id":"c"}\n]', 3, 'not JSON'],
      ['without a brace', '[\n{"id":"a",\n{"id":"b"},\n{"id":"c"}\n]', 3, 'not JSON'],
      ['without a comma', '[{"id":"a"}\n{"id":"b"}]', 2, 'no comma between two elements'],
      ['with a comma too many', '[{"id":"a"},\n,{"id":"b"}]', 2, 'an element is not an object'],
      ['with more behind it', '[{"id":"a"}]\n\n[]', 3, 'something after the array'],
    ] as const
  ).map(([how, text, line, why]) => ({
    what: `a pool ${how}`,
    make: pool(text),
    run: read,
    says: new RegExp(
      `^node-1/transactions\\.json, line ${line}: ${why}; mend it, or move it away$`,
    ),
  })),
  {
    what: 'a pool with a typo, of a node that is started',
    make: pool('[{"id":"a"},\n{"id":}]'),
    run: start,
    says: /^node-1\/transactions\.json, line 2: not JSON; mend it, or move it away$/,
  },
  {
    what: 'a pool in another encoding',
    make: (network) =>
      fs.writeFile(network.path('node-1/transactions.json'), '[{"to":"J\xfcrgen"}]', 'latin1'),
    run: read,
    says: /^node-1\/transactions\.json, line 1: not UTF-8; mend it, or move it away$/,
  },
  ...['1GB', '1e9', '0x10', '0', '-1', '1.5', '99999999999999999999'].map((limit) => ({
    what: `a limit for the pool of ${limit}`,
    make: env(`PORT=4001\nMAX_POOL_BYTES=${limit}\n`),
    run: read,
    says: /^node-1\/\.env: MAX_POOL_BYTES must be a whole number, for example 1073741824$/,
  })),
  {
    what: 'no node-1 to clone',
    make: (network) => fs.move(network.path('node-1'), network.path('elsewhere')),
    run: (network) => outcomeOfScript(network.path('clone-node.js'), []),
    says: /^There is no node-1 folder to clone/,
  },
  ...['clone-node.js', 'start-nodes.js'].map((script) => ({
    what: `${script} before the code is compiled`,
    make: (network: AnyNetwork) => fs.remove(network.path('node-1/index.js')),
    run: (network: AnyNetwork) => outcomeOfScript(network.path(script), []),
    says: /^node-1\/index\.js is missing, the code is not compiled: run npm install$/,
  })),
  ...['clone-node.js', 'start-nodes.js', 'add-transaction.js'].map((script) => ({
    what: `${script} with an unknown flag`,
    make: nothing,
    run: (network: AnyNetwork) => outcomeOfScript(network.path(script), ['--colour']),
    says: /^Unknown option '--colour'; --help lists what there is$/,
  })),
  {
    what: 'delete-nodes.js with an unknown flag',
    make: nothing,
    run: (network: AnyNetwork) => network.run(['delete-nodes.js', '--colour']),
    says: /^Unknown option '--colour'; --help lists what there is$/,
  },
  {
    what: 'add-transaction with no node listening',
    make: async (network) => network.addNode('node-1', await freePort(), []),
    run: (network) => network.run(['add-transaction.js']),
    says: /^No node is listening on ws:\/\/localhost:\d+: start it with node index\.js in its folder$/,
  },
  ...(
    [
      [['--amount', 'much'], /^--amount much is not a number above 0$/],
      [['--amount', '-1'], /^--amount -1 is not a number above 0$/],
      [['--amount=-1'], /^--amount -1 is not a number above 0$/],
      [['--count', '0'], /^--count 0 is not a whole number of 1 or more$/],
      [['--count', '1.5'], /^--count 1\.5 is not a whole number of 1 or more$/],
      [['--count'], /^Option '--count <value>' argument missing; --help/],
      [['--amount', '0x10'], /^--amount 0x10 is not a number above 0$/],
      [['--amount', '1e3'], /^--amount 1e3 is not a number above 0$/],
      [['--amount', '0.00'], /^--amount 0\.00 is not a number above 0$/],
      [['--amount', '1', '--amount', '2'], /^Option '--amount' is given twice$/],
      [['--from', ''], /^--from is empty: it needs a name$/],
      [['--to', 'b\u0007b'], /^--to b\?b has characters that nobody sees$/],
      [['stray'], /^Unexpected argument 'stray'/],
      [['--node', 'node-9'], /^There is no node folder node-9; there is node-1$/],
      [['--address', 'http://localhost:1'], /^--address http:\/\/localhost:1 is not an address/],
      [['--node', 'node-1', '--address', 'ws://localhost:1'], /^Give either --node or --address/],
      [
        ['--from', 'x'.repeat(70_000)],
        /^A transaction may have 65536 bytes, this one has 70\d\d\d$/,
      ],
    ] as const
  ).map(([args, says]) => ({
    what: `add-transaction ${args.join(' ').slice(0, 40)}`,
    make: nothing,
    run: (network: AnyNetwork) => outcomeOfScript(network.path('add-transaction.js'), args),
    says,
  })),
];

for (const { what, make, run, says } of mistakes) {
  test(`a mistake told in one line: ${what}`, () =>
    withHostedNodes(async (network) => {
      // Where there is none, a node begins one.
      await network.write('node-1/blocks.json', fileOf(trunkTo(0)));
      await make(network);
      const before = await snapshot(network);
      const { code, stdout, stderr } = await run(network);
      const lines = `${stdout}${stderr}`.trimEnd().split('\n');
      assert.equal(lines.length, 1, `one line, not: ${stdout}${stderr}`);
      assert.match(lines[0] as string, says);
      assert.equal(code, 1);
      assert.deepEqual(await snapshot(network), before, 'nothing is changed');
    }));
}

test('an older Node.js ends with a line, whatever is started, before anything is done', () =>
  withHostedNodes(async (network) => {
    // What it lacks is taken from this one.
    const old = 'data:text/javascript,import crypto from "node:crypto"; delete crypto.hash';
    const before = await snapshot(network);
    for (const [script, folder] of [
      ['index.js', 'node-1'],
      ['clone-node.js', '.'],
      ['add-block.js', '.'],
    ] as const) {
      const { code, stdout, stderr } = await network.run(['--import', old, script], folder);
      assert.match(stderr, /^This needs Node\.js 20\.12 or newer; this one is [\d.]+\n$/, script);
      assert.deepEqual([code, stdout], [1, ''], script);
    }
    assert.deepEqual(await snapshot(network), before);
  }));

test('npm start before anything is compiled says what to do', () =>
  withHostedNodes(async (network) => {
    await fs.remove(network.path('start-nodes.js'));
    const npm = network.start(['start', '--silent'], '.', 'npm');
    const { code, stdout, stderr } = await npm.result();
    const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '));
    assert.deepEqual(said, ['The packages or the compiled code are missing: run npm install']);
    assert.deepEqual([code, stdout], [1, '']);
  }));

test('a peers.json that cannot be read is put aside, and the node starts', () =>
  withHostedNodes(async (network) => {
    await network.write('node-1/peers.json', '["ws://localhost:4009",');
    const node = await network.startNode();
    await until('a line about it', () => node.stdout.includes('put aside: node-1/peers.json'));
    assert.equal(await network.read('node-1/peers.json.unreadable'), '["ws://localhost:4009",');
  }));

/** What is in the folders of a network, but not in those that are only linked. */
async function snapshot(network: AnyNetwork): Promise<Record<string, string>> {
  const entries = await fs.readdir(network.root, { recursive: true, withFileTypes: true });
  const files = entries.map(async (entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    return [path, entry.isFile() ? await fs.readFile(path, 'utf8') : 'no file'] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}
