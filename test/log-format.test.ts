/** What a program reads that has a node say its lines as JSON. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { loadSettings, type Settings, warningsOf } from '../lib/settings.js';
import { freePort, onTerminal, say, until } from './support/helpers.js';
import { visit } from './support/http.js';
import { type Network, withNetwork } from './support/network.js';
import { temporaryFolder } from './support/temporary.js';

/** Ends its line, draws on a terminal, and leaves its string. */
const HOSTILE = '\n{"port":1}\r\u001b[2J\u2028\u202e"},{"\\';

/** Adds a line to the settings of node-1. */
async function set(network: Network, line: string): Promise<void> {
  await network.write('node-1/.env', `${await network.read('node-1/.env')}\n${line}\n`);
}

/** The settings of a node with this line in its .env, and with LOG in the environment. */
async function settingsOf(line: string, LOG?: string): Promise<Settings> {
  const folder = temporaryFolder();
  await fs.writeFile(join(folder, '.env'), `PORT=4001\n${line}`);
  return loadSettings(folder, { LOG });
}

test('with LOG=json each line is an object: when, which node, what, and why', () =>
  withNetwork(async (network) => {
    await set(network, 'LOG=json');
    const peer = await network.trap();
    const startedMs = Date.now();
    const node = await network.startNode('node-1', [peer.address]);
    await until('a connection', () => node.stdout.includes('"connected"'));
    await say(node.address, { type: 'TRANSACTION', data: { id: HOSTILE } });
    await say(node.address, { type: HOSTILE, data: HOSTILE }, HOSTILE);
    await say(node.address, { type: 'HANDSHAKE', data: [`ws://${HOSTILE}`, 'x'.repeat(10_000)] });
    await until('all lines', () => /"accepted".*"refused".*"handshake from"/s.test(node.stdout));
    assert.equal(await node.end('SIGINT'), 0);

    assert.equal(node.lines.pop(), '', 'the last line has an end');
    const lines = node.lines.slice(0, -1).map((line) => JSON.parse(line));
    for (const line of lines) {
      assert.deepEqual(Object.keys(line), ['time', 'port', 'event', 'detail']);
      assert.equal(line.port, node.port);
      assert.equal(new Date(line.time).toISOString(), line.time);
      assert.ok(Date.parse(line.time) >= startedMs && Date.parse(line.time) <= Date.now());
      assert.match(line.event, /^[a-z ]+$/);
      assert.ok(line.detail.length <= 301, 'no endless lines');
      assert.doesNotMatch(line.detail, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }
    const details = lines.map(({ event, detail }) => `${event}: ${detail}`);
    for (const expected of [
      `listening: ${node.address}, 0 transactions in the pool`,
      `connected: ${peer.address}, 1 peer now`,
      'accepted: transaction ?{"port":1}??[2J??"},{"\\, 1 in the pool',
      'leaving: 1 transaction in the pool',
    ]) {
      assert.ok(details.includes(expected), `${expected}, not: ${details.join('\n')}`);
    }
  }));

test('a mistake that ends a node is a plain line on stderr, also with LOG=json', () =>
  withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    await network.trap(port);
    await set(network, 'LOG=json');
    const { code, stdout, stderr } = await network.run(['index.js'], 'node-1');
    assert.match(stderr, /^Port \d+ is already in use: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [1, '']);
  }));

test('LOG may be in the environment too, which goes before what .env says', async () => {
  const cases: [line: string, environment: string | undefined, format: string][] = [
    ['', undefined, 'text'],
    ['', '', 'text'],
    ['', 'text', 'text'],
    ['', 'json', 'json'],
    ['LOG=json', undefined, 'json'],
    ['LOG=json', 'text', 'text'],
    ['LOG=text', 'json', 'json'],
    ['LOG=', 'json', 'json'],
  ];
  for (const [line, environment, format] of cases) {
    const settings = await settingsOf(line, environment);
    assert.equal(settings.log.format, format, `«${line}» in .env, ${environment} around it`);
    assert.deepEqual(warningsOf(settings, []), []);
  }
});

test('a LOG that is neither text nor json is told, and lines are text', async () => {
  for (const [line, environment, given] of [
    ['LOG=jsn', undefined, 'jsn'],
    ['LOG=JSON', undefined, 'JSON'],
    ['', 'debug', 'debug'],
  ] as const) {
    const settings = await settingsOf(line, environment);
    assert.equal(settings.log.format, 'text');
    const warning = `LOG=${given} is neither text nor json: lines are text`;
    assert.deepEqual(warningsOf(settings, []), [warning]);
  }
  await withNetwork(async (network) => {
    await set(network, 'LOG=jsn');
    const node = await network.startNode();
    await until('a line that says so', () =>
      node.lines.includes(
        `[${node.port}] warning: LOG=jsn is neither text nor json: lines are text`,
      ),
    );
  });
});

test('with LOG_LEVEL=warn there are only lines that somebody may have to see to', () =>
  withNetwork(async (network) => {
    await set(network, 'LOG_LEVEL=warn');
    const nobody = `ws://localhost:${await freePort()}`;
    const node = await network.startNode('node-1', [nobody]);
    await say(node.address, { type: 'TRANSACTION', data: { id: '' } });
    await until('the line of what was refused', () => node.stdout.includes('refused'));
    const events = node.lines.map((line) => /^\[\d+\] ([a-z ]+):/.exec(line)?.[1]);
    assert.deepEqual(new Set(events), new Set(['listening', 'refused', undefined]));
    const { log } = JSON.parse((await visit(node, '/status')).body);
    assert.ok(
      log.some(({ event }: { event: string }) => event === 'dialling'),
      'on its page',
    );
  }));

test('a LOG_LEVEL that is none is told, and all lines are printed', async () => {
  const settings = await settingsOf('LOG_LEVEL=verbose');
  assert.equal(settings.log.level, 'info');
  const says = 'LOG_LEVEL=verbose is none of info, warn and error: all lines are printed';
  assert.deepEqual(warningsOf(settings, []), [says]);
  assert.equal((await settingsOf('LOG_LEVEL=error')).log.level, 'error');
});

test('a line of text says when it was printed, but not on a terminal', () =>
  withNetwork(async (network) => {
    await network.addNode('node-1', await freePort(), []);
    const startedMs = Date.now();
    const piped = network.start(['index.js'], 'node-1');
    await until('a page', () => piped.stdout.includes('] page: '));
    await piped.close();
    for (const line of piped.lines.slice(0, -1)) {
      const [, time = ''] = /^(\S+) \[\d+\] [a-z ]+: /.exec(line) ?? [];
      assert.equal(new Date(time).toISOString(), time);
      assert.ok(Date.parse(time) >= startedMs && Date.parse(time) <= Date.now(), line);
    }
    const seen = network.start(onTerminal('node index.js'), 'node-1', 'script');
    await until('a page', () => seen.stdout.includes('] page: '));
    await seen.close();
    assert.match(seen.stdout, /^\[\d+\] listening: /);
  }));
