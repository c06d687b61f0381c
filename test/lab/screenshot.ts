/** Takes the picture that the README shows: the lab, with a network in it that is at work. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Act } from '../../lab/entries.js';
import { readArguments } from '../../lib/command-line.js';
import { fail } from '../../lib/log.js';
import { closeBrowser, IN_BROWSER, Visit } from '../support/browser.js';
import { isListening, PROJECT, until } from '../support/helpers.js';
import { RunningLab } from '../support/lab.js';
import { Network } from '../support/network.js';

const USAGE = `Usage: npm run screenshot

Starts three nodes and the lab in a temporary folder, on the ports 4000 to 4003, gives them transactions
and blocks, cuts a link, and writes what the page then shows to docs/lab.png. It takes Chromium: that
of the environment variable CHROMIUM, or one that is installed.

  --help        print this`;

const LAB_PORT = 4000;
const PORTS = [4001, 4002, 4003];
const SCREEN = { width: 1280, height: 800 };
const FILE = 'docs/lab.png';

const pay = (node: string, from: string, to: string, amount: string): Act => {
  return { do: 'add-transaction', node, from, to, amount };
};
/** What happens before the picture is taken, in turn. */
const STORY: readonly Act[] = [
  pay('node-1', 'alice', 'bob', '10'),
  pay('node-2', 'bob', 'carol', '4'),
  { do: 'make-block', node: 'node-2' },
  pay('node-3', 'carol', 'alice', '2.5'),
  { do: 'make-block', node: 'node-1' },
  pay('node-1', 'dave', 'erin', '30'),
  { do: 'halve' },
  { do: 'make-block', node: 'node-3' },
  pay('node-2', 'erin', 'frank', '12'),
  { do: 'make-block', node: 'node-1' },
  pay('node-1', 'alice', 'dave', '7'),
];

readArguments(USAGE, {});
if (IN_BROWSER.skip !== false) fail(IN_BROWSER.skip);
for (const port of [LAB_PORT, ...PORTS]) {
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
  console.log('Three nodes are given transactions and blocks, and one of them is cut off');
  const lab = await RunningLab.startAt(network, LAB_PORT, PORTS);
  await lab.untilConnected();
  const { page } = await Visit.open(lab.url, SCREEN);
  let said = '';
  for (const act of STORY) {
    over.signal.throwIfAborted();
    const { status, text } = await lab.act(act);
    if (status !== 200) throw new Error(text.trim());
    said = JSON.parse(text).says;
  }
  await untilFork(page);
  await showWay(page, / (\S{64})$/.exec(said)?.[1] ?? '');
  const picture = await page.screenshot({ fullPage: true });
  over.signal.throwIfAborted();
  await writeFile(join(PROJECT, FILE), picture);
  const kibibytes = Math.ceil(picture.length / 1024);
  console.log(`${FILE} written: ${SCREEN.width} pixels wide, ${kibibytes} KiB`);
}

/** Waits until the page shows two branches. */
function untilFork(page: Page): Promise<void> {
  return until('a fork', async () => {
    return /^A fork/.test(await page.locator('#chain-words').innerText());
  });
}

/** Selects a node, and stops where a transaction travels from it. */
async function showWay(page: Page, id: string): Promise<void> {
  await page.locator('#nodes button', { hasText: '4001' }).click();
  const travels = page.locator('#messages li', { hasText: /4001 → 4002\s*TRANSACTION/ }).first();
  await until('its way', async () => {
    return (await travels.count()) > 0 && (await travels.innerText()).includes(id.slice(0, 8));
  });
  await travels.locator('summary').click();
  await until('a pause', async () => (await page.locator('#state').innerText()) === 'paused');
}
