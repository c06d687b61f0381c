/** The package that npm pack makes: what is in it, and a project of somebody else that uses it. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../../lib/limits.js';
import { documentedExample } from '../support/example.js';
import { freePort, PROJECT, until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import { NodeProcess, Program } from '../support/program.js';
import { temporaryFolder } from '../support/temporary.js';

/** What a project has beside what it shares: of a node that has run, with a secret in another. */
const PRIVATE = {
  'node-1/transactions.json': '[{"id":"mine"}]',
  'node-1/blocks.json': '[]',
  'node-1/peers.json': '[]',
  'node-1/swarm-key.json': '{}',
  'node-1/transactions.json.places': '',
  'node-2/.env': 'PORT=4002\nNETWORK_SECRET=mine\n',
  'node-2/index.js': '',
  'certificates/ca-key.pem': '',
  '.env': 'NETWORK_SECRET=mine\n',
};
const PACKED =
  /^(package\.json|README\.md|CHANGELOG\.md|[a-z-]+\.js|docs\/[\w-]+\.(md|png)|examples\/\w+\.[jt]s|lab\/(page\/)?[\w-]+\.(js|css|html)|lib\/[\w/-]+\.(js|cjs|css|html|svg)|node-1\/(\.env|[\w-]+\.js|known-peers\.json)|types\/lib\/[\w/-]+\.d\.ts)$/;
const OTHERS = /^(node_modules|\.git|node-[2-9]\d*|types)$/;
const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  module: 'NodeNext',
  target: 'ES2022',
  types: ['node'],
};
/** Besides the example: all that the types say, and a room. */
const PROGRAM = `
import { type Client, type ConnectOptions, NodeError, NoReceiptError, type TransactionReceipt } from 'websocket-peer-to-peer';
import { MerkleTree } from 'websocket-peer-to-peer/lib/pool/merkle-tree.js';

const options: ConnectOptions = { secret: 'x', patienceMs: 1, onLost: (error) => error.message };
export async function use(client: Client): Promise<string> {
  const { signal } = new AbortController();
  const receipt: TransactionReceipt = await client.add({ id: 1 });
  for await (const { height, transactions } of client.blocks({ from: 1, signal })) {
    const [first] = transactions;
    if (height === (await client.block(1))?.height) return String(first?.id);
  }
  const { chain } = await client.status();
  // @ts-expect-error: a receipt of another status has no reason
  receipt.reason;
  return receipt.status === 'rejected' ? receipt.reason : String(chain.height + new MerkleTree().size);
}
export const isOurs = (error: unknown) => error instanceof NoReceiptError || error instanceof NodeError;
export { options };
`;

/** Runs a command to its end, which is to be a good one. */
async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Program(args, folder, command).result();
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** A copy of the project, which npm pack compiles and writes to. */
function copyProject(): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(PROJECT).filter((each) => !OTHERS.test(each))) {
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const [file, text] of Object.entries(PRIVATE)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** A project with the package, what that depends on, and these packages of its own. */
async function useIn(folder: string, tarball: string, ...own: string[]): Promise<string> {
  const packages = join(folder, 'node_modules');
  const installed = join(packages, 'websocket-peer-to-peer');
  mkdirSync(installed, { recursive: true });
  await run(folder, 'tar', '-xzf', tarball, '-C', installed, '--strip-components=1');
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), ...own]) {
    mkdirSync(dirname(join(packages, name)), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules', name), join(packages, name), 'junction');
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return installed;
}

test('a project of somebody else uses the package, which has nothing of its owner', () =>
  withNetwork(async (network) => {
    const project = copyProject();
    await run(project, 'npm', 'pack');
    const tarball = join(project, `websocket-peer-to-peer-${VERSION}.tgz`);
    const files = (await run(project, 'tar', '-tzf', tarball)).trim().split('\n');
    const unexpected = files.filter((path) => !PACKED.test(path.replace('package/', '')));
    assert.deepEqual(unexpected, []);

    const folder = temporaryFolder();
    const installed = await useIn(folder, tarball, '@types/node', 'typescript', 'undici-types');
    const node = await network.startNode();
    writeFileSync(join(folder, 'example.ts'), documentedExample(node.address));
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
    await run(folder, process.execPath, 'node_modules/typescript/bin/tsc');
    assert.match(
      await run(folder, process.execPath, 'example.js'),
      /^accepted [0-9a-f]{64}\n1 null/,
    );
    await run(folder, process.execPath, 'program.js');

    // What npm runs in a project does nothing here, and the node that is in it runs.
    assert.equal(await run(installed, process.execPath, 'lib/commands/prepare.cjs'), '');
    const port = await freePort();
    const packed = join(installed, 'node-1');
    writeFileSync(join(packed, '.env'), `PORT=${port}\n`);
    const own = network.keep(new NodeProcess('packed', port, packed));
    await own.listening();
    await until('its page', async () => (await fetch(`http://localhost:${port}/`)).ok);
    assert.equal(own.stderr, '');

    writeFileSync(join(project, 'node-1/.env'), 'PORT=4001\nNETWORK_SECRET=mine\n');
    const { code, stderr } = await new Program(['pack'], project, 'npm').result();
    assert.notEqual(code, 0);
    assert.match(stderr, /^node-1\/\.env has settings of yours/m);
  }));
