/** Mistakes that a person can make with a swarm: one clear line, and exit code 1, or a warning. */

import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { test } from 'node:test';
import { readKnownPeers } from '../../lib/peers/index.js';
import { loadSettings, warningsOf } from '../../lib/settings.js';
import { readSwarmSeed } from '../../lib/swarm/swarm-key.js';
import { failureOf } from '../support/failing.js';
import { freePort } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

const KEY = `${'y'.repeat(51)}o`;

test('settings of a swarm that cannot be right', () =>
  withNetwork(async (network) => {
    const mistakes = {
      [`SWARM=${'x'.repeat(65)}`]: /SWARM has more than 64 characters: give it a shorter name$/,
      'SWARM_BOOTSTRAP=10.0.0.1:49737': /SWARM_BOOTSTRAP has no effect without a SWARM: give it a/,
      [`ADDRESS=ws://${KEY}.dht`]:
        /ADDRESS=ws:\S+ is not an address \(a key of a swarm has no port and no TLS\): write it/,
      ...Object.fromEntries(
        ['10.0.0.1', '10.0.0.1:0', '10.0.0.1:65536', 'http://10.0.0.1:1', '[::1]:1', ':1'].map(
          (place) => [
            `SWARM=x\nSWARM_BOOTSTRAP=127.0.0.1:1, ${place}`,
            /SWARM_BOOTSTRAP names \S+, which is no place: write it like 192\.168\.1\.5:49737$/,
          ],
        ),
      ),
    };
    for (const [lines, says] of Object.entries(mistakes)) {
      await network.write('node-1/.env', `PORT=4001\n${lines}\n`);
      const said = await failureOf(() => loadSettings(network.path('node-1'), {}));
      assert.match(said, says);
      assert.match(said, /^node-1\/\.env: .*$/, `one line for ${lines}`);
    }
  }));

test('settings of a swarm as they may be', () =>
  withNetwork(async (network) => {
    const swarmWith = async (lines: string) => {
      await network.write('node-1/.env', `PORT=4001\n${lines}\n`);
      return loadSettings(network.path('node-1'), {}).swarm;
    };
    assert.equal(await swarmWith(''), undefined);
    assert.equal(await swarmWith('SWARM='), undefined);
    assert.deepEqual(await swarmWith('SWARM= our class 5é '), {
      name: 'our class 5é',
      bootstrap: undefined,
    });
    // Counted as people count.
    assert.equal((await swarmWith(`SWARM=${'🐝'.repeat(64)}`))?.name, '🐝'.repeat(64));
    assert.deepEqual(
      (await swarmWith('SWARM=x\nSWARM_BOOTSTRAP=127.0.0.1:1,dht.example:49737'))?.bootstrap,
      ['127.0.0.1:1', 'dht.example:49737'],
    );
  }));

test('warnings: an open swarm, and a known peer that only a swarm reaches', () =>
  withNetwork(async (network) => {
    const warningsWith = async (lines: string) => {
      await network.write('node-1/.env', `PORT=4001\n${lines}\n`);
      const folder = network.path('node-1');
      return warningsOf(loadSettings(folder, {}), readKnownPeers(folder));
    };
    await network.write('node-1/known-peers.json', `["ws://${KEY}.dht"]`);
    const secret = 'NETWORK_SECRET=correct horse battery staple';
    assert.deepEqual(await warningsWith(secret), [
      `ws://${KEY}.dht in known-peers.json is reached by its swarm alone: set SWARM`,
    ]);
    assert.deepEqual(await warningsWith(`SWARM=x\n${secret}`), []);
    assert.deepEqual(await warningsWith('SWARM=x'), [
      'anybody who knows the name of the SWARM can add transactions: set NETWORK_SECRET',
    ]);
  }));

test('a key file that holds no key stays as it is; one that others may read is told', () =>
  withNetwork(async (network) => {
    const file = 'node-1/swarm-key.json';
    for (const text of ['', '{}', '[]', 'null', '{"seed":"abc"}', `{"seed":"${'A'.repeat(64)}"}`]) {
      await network.write(file, text);
      const said = await failureOf(() => readSwarmSeed(network.path('node-1'), () => {}));
      assert.equal(
        said,
        'node-1/swarm-key.json holds no key: move it away, and the node makes a new one',
      );
      assert.equal(await network.read(file), text);
    }
    const seed = 'ab'.repeat(32);
    await network.write(file, `{"seed":"${seed}"}`);
    const warnings: string[] = [];
    const read = () =>
      readSwarmSeed(network.path('node-1'), (event, detail) =>
        warnings.push(`${event}: ${detail}`),
      );
    await chmod(network.path(file), 0o600);
    assert.equal(read().toString('hex'), seed);
    assert.deepEqual(warnings, []);
    if (process.platform === 'win32') return;
    await chmod(network.path(file), 0o644);
    read();
    assert.deepEqual(warnings, [
      `warning: other users of this machine may read ${file}: chmod 600 ${file}`,
    ]);
  }));

test('without hyperdht, or where it does not run, a node says in a line what SWARM needs', () =>
  withNetwork(async (network) => {
    await network.write('node-1/.env', `PORT=${await freePort()}\nSWARM=x\n`);
    const missing = `export async function resolve(name, context, next) {
      if (name === 'hyperdht') throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }`;
    const urlOf = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
    const hook = `import { register } from 'node:module'; register(${JSON.stringify(urlOf(missing))});`;
    const runs = [
      [
        ['--import', urlOf(hook)],
        /^SWARM needs the package hyperdht: run npm install hyperdht hypercore-id-encoding\n$/,
      ],
      [['--no-addons'], /^SWARM needs the package hyperdht, which does not run here: .*\n$/],
    ] as const;
    for (const [flags, says] of runs) {
      const { code, stdout, stderr } = await network.run([...flags, 'index.js'], 'node-1');
      assert.match(stderr, says);
      assert.deepEqual([code, stdout], [1, '']);
    }
    // A node without a SWARM needs neither.
    await network.write('node-1/.env', `PORT=${await freePort()}\n`);
    const node = network.start(['--no-addons', 'index.js'], 'node-1');
    node.process.stdout?.once('data', () => node.process.kill('SIGTERM'));
    assert.equal((await node.result()).code, 0);
  }));
