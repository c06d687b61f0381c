/** transactions.json under a node: whoever wrote it, whatever kills the node, however full it is. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { Pool } from '../../lib/pool/pool.js';
import { keyOf } from '../../lib/wire/key.js';
import { appendsTo, OLD, PRETTY } from '../support/appends.js';
import { ask, askStatus } from '../support/client.js';
import {
  DEADLINE_MS,
  freePort,
  isListening,
  makeTransaction,
  until,
  within,
} from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';
import { killUnderLoad } from '../support/pool-kills.js';
import { temporaryFolder } from '../support/temporary.js';

const FILE = 'node-1/transactions.json';

for (const [what, text, old] of [
  ['no file', undefined, []],
  ['an array behind a byte order mark', `\uFEFF${PRETTY}\n`, OLD],
] as const) {
  test(`a node appends to what a person wrote: ${what}`, () => appendsTo(text, old));
}

test('a kill under load costs no transaction that has its receipt, and doubles none', (t) =>
  killUnderLoad(t, { nodes: 1, kills: 1 }));

test('a second process in a folder says so and ends; the first goes on until it is killed', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    await fs.symlink(network.path('node-1'), network.path('link'), 'junction');
    const port = await freePort();
    const env = await network.read('node-1/.env');
    await network.write('node-1/.env', env.replace(/^PORT=.*/m, `PORT=${port}`));
    // By these flags the program takes itself to be where the link is.
    const throughLink = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const refused = async (args: string[], folder: string, name: string) => {
      const { code, stdout, stderr } = await within(DEADLINE_MS, network.run(args, folder));
      const line = `${name} is running already: end that one first, or clone another node\n`;
      assert.deepEqual([code, stdout, stderr], [1, '', line]);
    };
    await refused(['index.js'], 'node-1', 'node-1');
    await refused([...throughLink, network.path('link/index.js')], '.', 'link');
    node.process.kill('SIGSTOP');
    await refused(['index.js'], 'node-1', 'node-1');
    node.process.kill('SIGCONT');
    assert.equal(await isListening(port), false);
    assert.deepEqual(await askStatus(node.address, makeTransaction('a')), ['accepted']);

    await node.end('SIGKILL');
    const next = await network.launch('node-1', port).listening();
    assert.deepEqual(await askStatus(next.address, makeTransaction('a')), ['known']);
  }));

test('a pool grows to MAX_POOL_BYTES and no further: what is beyond it is rejected, and why', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    const start = async (maxBytes: number) => {
      await network.write('node-1/.env', `PORT=${port}\nMAX_POOL_BYTES=${maxBytes}\n`);
      return network.launch('node-1', port).listening();
    };
    const all = Array.from({ length: 400 }, (_, i) => makeTransaction(`t${1000 + i}`));
    const reason = 'the pool is full, at MAX_POOL_BYTES=20000';
    const node = await start(20_000);
    const startMs = performance.now();
    const receipts = await ask(node.address, ...all);
    const fit = receipts.filter(({ status }) => status === 'accepted').length;
    assert.deepEqual(
      receipts,
      all.map(({ id }, i) =>
        i < fit ? { id, status: 'accepted' } : { id, status: 'rejected', reason },
      ),
    );
    const bytes = (await fs.stat(network.path(FILE))).size;
    assert.ok(bytes <= 20_000 && bytes > 19_500, `${bytes} bytes`);
    assert.deepEqual(await node.pool(), all.slice(0, fit));
    const [inside, beyond] = [all.slice(0, 3), all.slice(fit, fit + 3)];
    const expected = [...inside.map(() => 'known'), ...beyond.map(() => 'rejected')];
    assert.deepEqual(await askStatus(node.address, ...inside, ...beyond), expected);

    const told = () =>
      [...node.stdout.matchAll(/refused: (\d+) transactions? \((.*)\)$/gm)].map(([, n, why]) => {
        assert.equal(why, reason);
        return Number(n);
      });
    const total = all.length - fit + beyond.length;
    await until('a line for all of them', () => told().reduce((a, b) => a + b, 0) === total);
    assert.ok(told().length <= 2 + (performance.now() - startMs) / 1000, `${told().length} lines`);

    await node.end('SIGKILL');
    const again = await start(20_000);
    assert.deepEqual(await askStatus(again.address, ...inside, ...beyond), expected);
    await again.end('SIGKILL');
    const raised = await start(100_000);
    const [known, accepted] = [Array(fit).fill('known'), Array(all.length - fit).fill('accepted')];
    assert.deepEqual(await askStatus(raised.address, ...all), [...known, ...accepted]);
    assert.deepEqual(await raised.pool(), all);
  }));

test('an object of many megabytes stays in the file of the pool, and is no transaction', async () => {
  const folder = temporaryFolder('pool-');
  const large = `{"id":"a"${',"a":1'.repeat(2_700_000)}}`;
  await fs.writeFile(join(folder, 'transactions.json'), `[${large},{"id":"b"}]`);
  const lines: string[] = [];
  const log = (event: string, detail: string) => lines.push(`${event}: ${detail}`);
  const pool = await Pool.open(folder, Infinity, () => false, log);
  assert.deepEqual([pool.has(keyOf('a')), pool.has(keyOf('b'))], [false, true]);
  assert.equal(lines.at(-1), 'kept: 1 object in the pool that no peer would take as new');
});

test('a pool is not a byte longer than MAX_POOL_BYTES', () =>
  withHostedNodes(async (network) => {
    const text = '[\n{"id":"a"},\n{"id":"b"}\n]\n';
    for (const [maxBytes, status] of [
      [text.length - 1, 'rejected'],
      [text.length, 'accepted'],
    ] as const) {
      const port = await freePort();
      const name = `node-${status}`;
      await network.addNode(name, port, []);
      await network.write(`${name}/.env`, `PORT=${port}\nMAX_POOL_BYTES=${maxBytes}\n`);
      const node = await network.launch(name, port).listening();
      assert.deepEqual(await askStatus(node.address, { id: 'a' }, { id: 'b' }), [
        'accepted',
        status,
      ]);
    }
  }));
