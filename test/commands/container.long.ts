/** The image of the Dockerfile, the containers of compose.yaml, and the service of systemd. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { cloneNode } from '../../lib/commands/node-folders.js';
import { ask } from '../support/client.js';
import { buildImage, type Image } from '../support/dockerfile.js';
import { freePort, makeTransaction, PROJECT, until } from '../support/helpers.js';
import { type Network, withNetwork } from '../support/network.js';
import { NodeProcess, Program } from '../support/program.js';
import { temporaryFolder } from '../support/temporary.js';

/** What has no place in an image beside tools that build: sources, tests, secrets and pools. */
const UNWANTED = /\.ts$|^test|\.env$|\.pem$|transactions\.json/;
const IS_ROOT = process.getuid?.() === 0;

/** Starts a container of an image: as its user where that is possible, with settings of its own. */
function startIn(image: Image, network: Network, command: readonly string[], settings: string[]) {
  const data = network.path('data');
  const env = Object.entries({ ...image.env, DATA: data }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const [program = '', ...args] = [
    ...(IS_ROOT ? ['setpriv', '--reuid=1234', '--regid=1234', '--clear-groups'] : []),
    ...['env', '-i', `PATH=${process.env.PATH}`, ...env, ...settings, ...command],
  ];
  return network.keep(new Program(args, join(image.root, image.folder), program));
}

test('the image has what a node needs, and nothing else; a node in it is well, and leaves when told', () =>
  withNetwork(async (network) => {
    const place = temporaryFolder();
    await fs.chmod(place, 0o755);
    const image = await buildImage(place);
    const app = join(image.root, image.folder);
    assert.equal(image.user, 'node');
    const names = (await fs.readdir(app, { recursive: true })) as string[];
    const { devDependencies } = await fs.readJson(join(PROJECT, 'package.json'));
    const tools = Object.keys(devDependencies).map((name) => `node_modules/${name}/package.json`);
    assert.deepEqual(
      names.filter((name) => tools.includes(name)),
      [],
    );
    const own = names.filter((name) => !name.startsWith('node_modules/'));
    assert.deepEqual(
      own.filter((name) => UNWANTED.test(name)),
      [],
    );
    assert.ok(names.includes('node_modules/hyperdht/package.json'), 'optional packages too');

    await network.open();
    await fs.mkdir(network.path('data'));
    await fs.chmod(network.path('data'), 0o777);
    const port = await freePort();
    const settings = [`PORT=${port}`, 'ADDRESS=127.0.0.1'];
    const started = startIn(image, network, image.command, settings);
    const node = await new NodeProcess('container', port, app, started).listening();
    const address = `ws://127.0.0.1:${port}`;
    await ask(address, makeTransaction('kept'));
    const healthy = await startIn(image, network, image.healthCheck, settings).result();
    assert.deepEqual(healthy, { code: 0, stdout: 'ok\n', stderr: '' });
    assert.equal(await node.end('SIGTERM'), 0);
    assert.match(await fs.readFile(network.path('data/transactions.json'), 'utf8'), /"kept"/);
    const gone = await startIn(image, network, image.healthCheck, settings).result();
    assert.match(gone.stderr, /^ws:\/\/127\.0\.0\.1:\d+ is not well: [^\n]+\n$/);
    assert.equal(gone.code, 1);

    const without = await startIn(image, network, image.command, []).result();
    const says =
      'environment: HOST=0.0.0.0 needs an ADDRESS by which others reach this node, like 192.168.1.5\n';
    assert.deepEqual(without, { code: 1, stdout: '', stderr: says });
  }));

const WITH_SYSTEMD = {
  skip: spawnSync('systemd-analyze', ['--version']).status !== 0 && 'systemd-analyze is not here',
};

/** The unit, for the code in this folder. */
async function unitHere(): Promise<string> {
  const text = await fs.readFile(join(PROJECT, 'contrib/systemd/p2p-node@.service'), 'utf8');
  return text.replaceAll('/opt/p2p-node/', PROJECT).replaceAll('/usr/bin/node', process.execPath);
}

test(
  'systemd finds nothing wrong with the service, and little that it could do',
  WITH_SYSTEMD,
  async () => {
    const file = join(temporaryFolder(), 'p2p-node@.service');
    await fs.writeFile(file, await unitHere());
    const verified = spawnSync('systemd-analyze', ['verify', file.replace('@', '@1')], {
      encoding: 'utf8',
    });
    assert.deepEqual([verified.status, verified.stderr], [0, '']);
    // The level of exposure, times ten: 13 of 100.
    const security = ['security', '--offline=true', '--threshold=20', file];
    const { status, stdout } = spawnSync('systemd-analyze', security, { encoding: 'utf8' });
    assert.equal(status, 0, stdout.split('\n').slice(-3).join('\n'));
  },
);

test('what the service starts runs as somebody who may write only where its files are', () =>
  withNetwork(async (network) => {
    const unit = await unitHere();
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [, settings = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
    await network.open();
    await fs.mkdir(network.path('data'));
    await fs.chmod(network.path('data'), 0o777);
    const port = await freePort();
    const env = settings.replace('/var/lib/p2p-node/%i', network.path('data')).split(' ');
    const [program = '', ...args] = [
      ...(IS_ROOT ? ['setpriv', '--reuid=1234', '--regid=1234', '--clear-groups'] : []),
      ...['env', '-i', `PORT=${port}`, ...env, ...command.split(' ')],
    ];
    const service = network.keep(new Program(args, '/', program));
    await until(
      () => `it to listen, not: ${service.stdout}${service.stderr}`,
      () => service.stdout.includes('] listening: '),
    );
    await ask(`ws://localhost:${port}`, makeTransaction('kept'));
    assert.equal(await service.end('SIGTERM'), 0);
    assert.match(await fs.readFile(network.path('data/transactions.json'), 'utf8'), /"kept"/);
  }));

const IN_CONTAINERS = {
  skip: spawnSync('unshare', ['-n', 'true']).status !== 0 && 'no network namespaces here',
};

test('one process runs in a folder, also where they share the disk alone', IN_CONTAINERS, () =>
  withNetwork(async (network) => {
    await cloneNode(network.root);
    const first = await network.startNode('node-2');
    const inContainer = (...command: string[]) =>
      network.start(
        ['-n', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...command],
        'node-2',
        'unshare',
      );
    const refused = await inContainer('node', 'index.js').result();
    const says =
      'node-2 is running already, in another container: end that one first, or clone another node';
    assert.deepEqual(refused, { code: 1, stdout: '', stderr: `${says}\n` });

    await first.end('SIGKILL');
    const next = inContainer('node', 'index.js');
    await until('it to run', () => next.stdout.includes('] listening: '));
    const again = await network.run(['index.js'], 'node-2');
    assert.deepEqual(again, { code: 1, stdout: '', stderr: `${says}\n` });
    const all = await network.run(['delete-nodes.js']);
    assert.match(all.stderr, /^Nothing is deleted: node-2 is running: /);
    const stop = await network.run(['delete-nodes.js', '--stop']);
    assert.match(stop.stderr, /^node-2 does not answer: [^\n]+ container that it runs in\n$/);
    await next.close();
    assert.equal((await network.run(['delete-nodes.js'])).stdout, 'node-2 deleted\n');
  }),
);
