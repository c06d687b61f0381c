import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { SETTINGS, sharedEnvironment } from '../lib/env.js';
import { LIMITS } from '../lib/limits.js';
import { type Address, parseAddress } from '../lib/peers/addresses.js';
import { loadSettings, type Settings, warningsOf } from '../lib/settings.js';
import { failureOf, outcomeOfScript } from './support/failing.js';
import { freePort, until } from './support/helpers.js';
import { withHostedNodes } from './support/hosted.js';
import { temporaryFolder } from './support/temporary.js';

/** The settings of a node with these lines in its .env, on port 4001. */
async function settingsOf(...lines: string[]): Promise<Settings> {
  const folder = temporaryFolder();
  await fs.writeFile(join(folder, '.env'), ['PORT=4001', ...lines].join('\n'));
  return loadSettings(folder, {});
}

test('a node listens on loopback, unless HOST says otherwise; ADDRESS is what others hear', async () => {
  const cases: [lines: string[], hosts: string[], address: string][] = [
    [[], ['127.0.0.1', '::1'], 'ws://localhost:4001'],
    [['HOST=localhost'], ['127.0.0.1', '::1'], 'ws://localhost:4001'],
    [['HOST=10.0.0.1'], ['10.0.0.1'], 'ws://10.0.0.1:4001'],
    [['HOST=fd00::1'], ['fd00::1'], 'ws://[fd00::1]:4001'],
    [['HOST=mesh.example'], ['mesh.example'], 'ws://mesh.example:4001'],
    [['HOST=0.0.0.0', 'ADDRESS=10.0.0.1'], ['0.0.0.0'], 'ws://10.0.0.1:4001'],
    [['HOST=::', 'ADDRESS=[fd00::1]'], ['::'], 'ws://[fd00::1]:4001'],
    [['HOST=::', 'ADDRESS=fd00::1'], ['::'], 'ws://[fd00::1]:4001'],
    [['HOST=0.0.0.0', 'ADDRESS=mesh.example:80'], ['0.0.0.0'], 'ws://mesh.example:80'],
    [['ADDRESS=wss://mesh.example:443'], ['127.0.0.1', '::1'], 'wss://mesh.example:443'],
    [['ADDRESS=wss://mesh.example/'], ['127.0.0.1', '::1'], 'wss://mesh.example:4001'],
  ];
  for (const [lines, hosts, address] of cases) {
    const settings = await settingsOf(...lines);
    assert.deepEqual([settings.hosts, settings.address], [hosts, address], lines.join());
  }
});

test('a node looks for 128 peers, unless MAX_PEERS says otherwise', async () => {
  assert.equal((await settingsOf()).maxPeers, 128);
  assert.equal((await settingsOf('MAX_PEERS=8')).maxPeers, 8);
});

test('a pool takes as many bytes as MAX_POOL_BYTES says, and the usual number if that is empty or not there', async () => {
  assert.equal((await settingsOf()).maxPoolBytes, LIMITS.poolBytes);
  assert.equal((await settingsOf('MAX_POOL_BYTES=')).maxPoolBytes, LIMITS.poolBytes);
  assert.equal((await settingsOf('MAX_POOL_BYTES=20000')).maxPoolBytes, 20_000);
});

test('a setting that is dangerous, or has no effect, is warned of', async () => {
  const known = (...texts: string[]) => texts.map((text) => parseAddress(text) as Address);
  const long = 'NETWORK_SECRET=0123456789abcdef';
  const clear = /^whoever is between us and \S+ can read NETWORK_SECRET: set TLS_/;
  const open =
    /^anybody who reaches ws:\/\/10\.0\.0\.1:4001 can add transactions: set NETWORK_SECRET$/;
  const alone =
    /^only this machine can reach us: set HOST, unless a proxy here leads to port 4001$/;
  const unknown = /^there is no setting NETWORK_SECRTE: it has no effect$/;
  const short = /^NETWORK_SECRET is short enough to be guessed/;
  const noPort =
    /^ADDRESS has no port, and is wss:\/\/mesh\.example:4001: write wss:\/\/mesh\.example:443, if a proxy/i;
  const cases: [lines: string[], peers: string[], warnings: RegExp[]][] = [
    [['HOST=10.0.0.1'], ['ws://10.0.0.2:4001'], [open]],
    [['ADDRESS=10.0.0.1'], [], [alone]],
    [['ADDRESS=wss://mesh.example'], [], [noPort, alone]],
    [
      ['ADDRESS=ws://mesh.example/'],
      [],
      [/^ADDRESS has no port, .* write ws:\/\/mesh\.example:80,/, alone],
    ],
    [['ADDRESS=mesh.example'], [], [alone]],
    [
      [],
      ['ws://localhost', 'wss://mesh.example', 'ws://localhost:4002'],
      [
        /^ws:\/\/localhost in .* leads to port 80$/,
        /^wss:\/\/mesh\.example in .* leads to port 443$/,
      ],
    ],
    [['NETWORK_SECRTE=0123456789abcdef'], [], [unknown]],
    [[long], ['ws://localhost:4002'], []],
    [[long, 'HOST=10.0.0.1'], [], [clear]],
    [[long, 'HOST=10.0.0.1'], ['ws://10.0.0.2:4001'], [clear]],
    [[long], ['ws://10.0.0.2:4001'], [clear]],
    [[long, 'HOST=10.0.0.1', 'ADDRESS=wss://mesh.example'], ['wss://10.0.0.2:4001'], [noPort]],
    [
      [long, 'HOST=10.0.0.1', 'ADDRESS=WSS://mesh.example'],
      ['ws://localhost:4001'],
      [noPort, clear],
    ],
    [['NETWORK_SECRET=0123456789abcde'], [], [short]],
    [['NETWORK_SECRET=a', 'HOST=10.0.0.1'], [], [clear, short]],
  ];
  for (const [lines, peers, expected] of cases) {
    const warnings = warningsOf(await settingsOf(...lines), known(...peers));
    assert.equal(warnings.length, expected.length, lines.join());
    for (const [i, pattern] of expected.entries()) assert.match(warnings[i] as string, pattern);
  }
});

test('a secret is kept only where there are TLS and a secret', async () => {
  const secret = 'NETWORK_SECRET=0123456789abcdef';
  assert.equal((await settingsOf(secret, 'ADDRESS=wss://mesh.example')).keepsSecret, true);
  assert.equal((await settingsOf(secret)).keepsSecret, false);
  assert.equal((await settingsOf('ADDRESS=wss://mesh.example')).keepsSecret, false);
});

test('what is set in the environment goes before .env, and is told', () => {
  const folder = temporaryFolder();
  fs.writeFileSync(join(folder, '.env'), 'PORT=4001\nMAX_PEERS=5\n');
  const settings = loadSettings(folder, { PORT: '5203', MAX_PEERS: '', HOME: '/', LOG: 'json' });
  assert.deepEqual([settings.port, settings.address], [5203, 'ws://localhost:5203']);
  assert.deepEqual([settings.maxPeers, settings.log.format], [5, 'json']);
  assert.equal(settings.origin, '; PORT, LOG from the environment');
  assert.equal(loadSettings(folder, {}).origin, '');
  const shared = loadSettings(
    folder,
    sharedEnvironment({ PORT: '5203', ADDRESS: 'x', LOG: 'json' }),
  );
  assert.deepEqual(
    [shared.address, shared.origin],
    ['ws://localhost:4001', '; LOG from the environment'],
  );
});

test('a mistake in the environment is told as one there', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(join(folder, '.env'), 'PORT=4001\n');
  for (const [environment, says] of [
    [{ PORT: '5203x' }, /^environment: PORT must be a whole number/],
    [{ NETWORK_SECRET: '' }, /^environment: NETWORK_SECRET is empty/],
    [{ HOST: '0.0.0.0' }, /^environment: HOST=0\.0\.0\.0 needs an ADDRESS/],
  ] as const) {
    assert.match(await failureOf(() => loadSettings(folder, environment)), says);
  }
});

test('a node says what it takes, and takes nothing else', () =>
  withHostedNodes(async (network) => {
    const help = await outcomeOfScript(network.path('node-1/index.js'), ['--help']);
    assert.match(help.stdout, /^Usage: node index\.js\n/);
    for (const setting of Object.keys(SETTINGS)) assert.ok(help.stdout.includes(`  ${setting} `));
    assert.deepEqual([help.code, help.stderr], [0, '']);
    const odd = await outcomeOfScript(network.path('node-1/index.js'), ['--port', '5202']);
    assert.equal(odd.stderr, "Unknown option '--port'; --help lists what there is\n");
    assert.deepEqual([odd.code, odd.stdout], [1, '']);
    const port = await freePort();
    const node = network.start([`PORT=${port}`, 'node', 'index.js'], 'node-1', 'env');
    const line = `[${port}] listening: ws://localhost:${port}, 0 transactions in the pool; PORT from the environment`;
    await until('the line', () => node.stdout.split('\n')[0]?.endsWith(` ${line}`) === true);
    const accepted = await network
      .start([`PORT=${port}`, 'node', 'add-transaction.js'], '.', 'env')
      .result();
    assert.ok(accepted.stdout.startsWith(`ws://localhost:${port} accepted`), accepted.stderr);
  }));
