/** What goes beyond the exercise, of the commands beside a node and in it. */

import assert from 'node:assert/strict';
import fs from 'fs-extra';
import {
  isListening,
  makeTransaction,
  say,
  transactionMessage,
  until,
} from '../support/helpers.js';
import type { Network } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';
import { untilAllConnected } from './black-box.js';

/** A story that has a network of its own. */
export interface BeyondStory {
  /** Whether only the judge, and no test of its own, shows it: it takes long. */
  readonly isLong?: true;
  readonly asks: string;
  /** Throws, with the reason, when the story does not hold. */
  readonly check: (network: Network) => Promise<void>;
}

export const commandStories: BeyondStory[] = [
  {
    isLong: true,
    asks: 'clone-node makes the next free node-N without data; delete-nodes removes exactly those',
    async check(network) {
      await network.write('node-1/transactions.json', JSON.stringify([makeTransaction('old')]));
      for (let i = 0; i < 3; i++) await runScript(network, 'clone-node.js');
      await fs.remove(network.path('node-3'));
      await runScript(network, 'clone-node.js');

      const code = async (name: string) =>
        (await fs.readdir(network.path(name))).filter((file) => /\.(js|ts)$/.test(file)).sort();
      for (const number of [2, 3, 4]) {
        const name = `node-${number}`;
        assert.ok(await fs.pathExists(network.path(name)), `${name} is there`);
        assert.match(
          await network.read(`${name}/.env`),
          new RegExp(`^PORT=${4000 + number}$`, 'm'),
        );
        assert.deepEqual(await code(name), await code('node-1'), 'the same code files');
        for (const file of [...(await code('node-1')), 'known-peers.json']) {
          assert.equal(await network.read(`${name}/${file}`), await network.read(`node-1/${file}`));
        }
        assert.deepEqual(await fs.readJson(network.path(name, 'transactions.json')), [], 'no data');
      }
      assert.equal((await fs.readJson(network.path('node-1/transactions.json'))).length, 1);

      const bystanders = ['node-x', 'node-2b', 'my-node-2', 'node-', 'node-05'];
      for (const name of bystanders) await fs.mkdir(network.path(name));
      await network.write('node-77', 'a file, not a node');
      await runScript(network, 'delete-nodes.js');
      for (const name of ['node-2', 'node-3', 'node-4']) {
        assert.ok(!(await fs.pathExists(network.path(name))), `${name} is removed`);
      }
      for (const name of [...bystanders, 'node-1/index.js', 'node-77']) {
        assert.ok(await fs.pathExists(network.path(name)), `${name} is left alone`);
      }
    },
  },
  {
    isLong: true,
    asks: 'add-transaction gives a node a transaction, at the top and inside a node folder',
    async check(network) {
      const nodes = [await network.startNode('node-1'), await network.startNode('node-2')];
      const [one, two] = nodes as [NodeProcess, NodeProcess];
      await runScript(network, 'add-transaction.js');
      await runScript(network, 'add-transaction.js', 'node-2');
      for (const node of nodes) {
        await until(`${node.name} to have it`, async () => (await node.pool()).length === 1);
        const [transaction] = await node.pool();
        for (const key of ['fromAddress', 'toAddress', 'amount', 'timeStamp', 'hash']) {
          assert.ok(transaction !== undefined && key in transaction, `a transaction has ${key}`);
        }
      }
      await runScript(network, 'add-transaction.js', '.', '--node', 'node-2', '--count', '500');
      await runScript(network, 'add-transaction.js', '.', '--address', one.address, '--from', 'me');
      await until('500 more', async () => (await two.pool()).length === 501);
      await until('one more', async () => (await one.pool()).length === 2);
      assert.equal((await one.pool())[1]?.fromAddress, 'me');
      assert.equal(new Set((await two.pool()).map(({ id }) => id)).size, 501, 'ids differ');
    },
  },
  {
    isLong: true,
    asks: 'npm start runs three nodes in one terminal and ends them all on Ctrl-C',
    async check(network) {
      const ports = [4001, 4002, 4003];
      for (const port of ports) {
        assert.ok(
          !(await isListening(port)),
          `port ${port} is in use: this test needs 4001 to 4003`,
        );
      }
      await network.addNode('node-1', 4001, ['ws://localhost:4001', 'ws://localhost:4003']);
      await requireScript(network, 'start-nodes.js');
      const terminal = network.start(['start-nodes.js']);
      for (const port of ports) {
        await until(
          () => `a node on ${port}; npm start said: ${terminal.stdout}${terminal.stderr}`,
          () => isListening(port),
        );
      }
      await untilAllConnected(
        ports.map((port) => ({ name: `${port}`, address: `ws://localhost:${port}` })),
      );
      await say('ws://localhost:4001', transactionMessage('t'));
      const pools = [1, 2, 3].map((number) => network.path(`node-${number}`, 'transactions.json'));
      await until('the transaction in all pools', async () =>
        (await Promise.all(pools.map((pool) => fs.readFile(pool, 'utf8')))).every((text) =>
          text.includes('"t"'),
        ),
      );
      for (const number of [1, 2, 3])
        assert.match(terminal.stdout, new RegExp(`^\\[?node-${number}`, 'm'));
      assert.equal(await terminal.end('SIGINT'), 0, 'it exits with 0');
      for (const port of ports) assert.ok(!(await isListening(port)), `${port} is free again`);
    },
  },
];

/** Runs a script that must be there and succeed. */
async function runScript(
  network: Network,
  script: string,
  folder = '.',
  ...args: string[]
): Promise<void> {
  await requireScript(network, script, folder);
  const { code, stderr } = await network.run([script, ...args], folder);
  assert.equal(code, 0, `${script} ${args.join(' ')} failed: ${stderr}`);
}

async function requireScript(network: Network, script: string, folder = '.'): Promise<void> {
  const where = folder === '.' ? 'beside node-1' : `in ${folder}`;
  assert.ok(await fs.pathExists(network.path(folder, script)), `there is no ${script} ${where}`);
}
