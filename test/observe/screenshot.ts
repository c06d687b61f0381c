/** Takes the picture of a page that the README shows, with a small network behind it that is at work. */

import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readArguments } from '../../lib/command-line.js';
import { fail } from '../../lib/log.js';
import { closeBrowser, IN_BROWSER, Visit } from '../support/browser.js';
import { Client } from '../support/client.js';
import { isListening, makeTransaction, PROJECT } from '../support/helpers.js';
import { Network } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { untilDrawn } from '../support/pictures.js';
import type { NodeProcess } from '../support/program.js';

const USAGE = `Usage: npm run screenshot

Starts three nodes in a temporary folder, on the ports 4001 to 4003, gives them transactions and
blocks for some seconds, and writes what the page of the first one shows to docs/page.png. It takes
Chromium: that of the environment variable CHROMIUM, or one that is installed.

  --help        print this`;

const PORTS = [4001, 4002, 4003] as const;
const SCREEN = { width: 1280, height: 800 };
const FILE = 'docs/page.png';
const TRANSACTIONS = 110;
const MEAN_PAUSE_MS = 200;
/** After how many of them somebody adds a block, and which node is given it. */
const BLOCKS = new Map([
  [40, 'node-1'],
  [85, 'node-3'],
]);

readArguments(USAGE, {});
if (IN_BROWSER.skip !== false) fail(IN_BROWSER.skip);
for (const port of PORTS) {
  if (await isListening(port)) fail(`Port ${port} is in use: end what listens there first`);
}

const over = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // npm passes one on that we have had already.
  process.on(signal, () => {
    over.abort(new Error(`Interrupted: ${FILE} is as it was`));
    // Ends what waits for the page.
    closeBrowser();
  });
}
const network = await Network.create();
try {
  await takePicture();
} catch (error) {
  const { message } = (over.signal.aborted ? over.signal.reason : error) as Error;
  console.error(message);
  process.exitCode = over.signal.aborted ? 130 : 1;
} finally {
  await Promise.all([closeBrowser(), network.close()]);
}

async function takePicture(): Promise<void> {
  const nodes = await startThree();
  const { page } = await Visit.open(pageOf(nodes[0] as NodeProcess), SCREEN);
  const addresses = nodes.map(({ address }) => address);
  await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
  const last = await work(nodes);
  await untilShown(page, 'the last one', ({ transactions }) => transactions[0]?.id === last);
  await untilDrawn(page);
  const picture = await page.screenshot({ fullPage: true });
  over.signal.throwIfAborted();
  await mkdir(join(PROJECT, 'docs'), { recursive: true });
  await writeFile(join(PROJECT, FILE), picture);
  const kibibytes = Math.ceil(picture.length / 1024);
  console.log(`${FILE} written: ${SCREEN.width} pixels wide, ${kibibytes} KiB`);
}

/** Three nodes with the usual ports, and no other settings. */
async function startThree(): Promise<NodeProcess[]> {
  const names = PORTS.map((port, place) => ({ port, name: `node-${place + 1}` }));
  for (const { port, name } of names) {
    await network.addNode(name, port, [`ws://localhost:${PORTS[0]}`]);
    await network.write(`${name}/.env`, `PORT=${port}\n`);
  }
  over.signal.throwIfAborted();
  const nodes = names.map(({ port, name }) => network.launch(name, port));
  await Promise.all(nodes.map((node) => node.listening()));
  over.signal.throwIfAborted();
  return nodes;
}

/**
 * Gives the nodes transactions, as if people did, and a block now and then.
 *
 * @returns the id of the last transaction
 */
async function work(nodes: readonly NodeProcess[]): Promise<string> {
  const seconds = (TRANSACTIONS * MEAN_PAUSE_MS) / 1000;
  console.log(`Three nodes are given ${TRANSACTIONS} transactions in some ${seconds} s`);
  const clients = await Promise.all(nodes.map(({ address }) => Client.open(address)));
  let id = '';
  for (let number = 1; number <= TRANSACTIONS; number++) {
    await sleep(-Math.log(1 - Math.random()) * MEAN_PAUSE_MS, undefined, { signal: over.signal });
    id = randomBytes(32).toString('hex');
    clients[randomInt(clients.length)]?.send({ ...makeTransaction(id), timeStamp: Date.now() });
    const maker = BLOCKS.get(number);
    if (maker !== undefined) await network.run(['add-block.js', '--node', maker]);
  }
  for (const { socket } of clients) socket.close();
  return id;
}
