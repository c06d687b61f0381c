/** When the page of the lab asks which node lacks what: each time, all nodes have to look it up. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Entry, Hello } from '../../lab/entries.js';
import { readPage } from '../../lab/page-files.js';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { freePort, until } from '../support/helpers.js';
import { textOf } from '../support/lab-page.js';

const HOUR_MS = 3_600_000;
const STARTED_MS = Date.UTC(2026, 0, 1);
const [ONE, TWO] = ['ws://localhost:4001', 'ws://localhost:4002'];
const LACKS = { 'node-1': { lacks: 0, ids: [] }, 'node-2': { lacks: 40, ids: [] } };

after(closeBrowser);

test('pools that differ only during a flood are not compared', IN_BROWSER, () =>
  withRecording(
    [...pools(0, 0, 0), ...pools(300, 40, 0), ...pools(900, 40, 40)],
    async (page, asked) => {
      await page.clock.runFor(1200);
      assert.match(await textOf(page, '#pools-words'), /^The pools differ/);
      await page.clock.runFor(4300);
      assert.equal(await textOf(page, '#pools-words'), 'All pools have 40 transactions.');
      assert.equal(asked(), 0);
    },
  ),
);

test('pools that still differ once all is quiet are compared, and once', IN_BROWSER, () =>
  withRecording([...pools(0, 0, 0), ...pools(300, 40, 0)], async (page, asked) => {
    await page.clock.runFor(5500);
    await until('the question', () => asked() > 0);
    assert.equal(asked(), 1);
    await until('the answer', async () => /lacks 40/.test(await textOf(page, '#pools')));
  }),
);

/** What both nodes tell of their pools, so many ms after the start. */
function pools(ms: number, one: number, two: number): Entry[] {
  const at = STARTED_MS + ms;
  return [
    { kind: 'pool', at, address: ONE, transactions: one },
    { kind: 'pool', at, address: TWO, transactions: two },
  ];
}

/**
 * Opens the page with a recording that is all there from the start, and a clock that the check has to
 * move on: so it shows each moment of it, however slow this machine is.
 *
 * @param check is given how often the page has asked so far
 */
async function withRecording(
  told: readonly Entry[],
  check: (page: Page, asked: () => number) => Promise<void>,
): Promise<void> {
  const files = readPage();
  const hello: Hello = {
    now: STARTED_MS,
    since: 0,
    mayTouch: false,
    noLinks: null,
    lessons: [],
  };
  const at = STARTED_MS;
  const nodes: Entry[] = [
    { kind: 'node', at, name: 'node-1', address: ONE, state: 'running' },
    { kind: 'node', at, name: 'node-2', address: TWO, state: 'running' },
  ];
  let asked = 0;
  const server = createServer(({ url = '' }, response) => {
    if (url === '/recording') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(eventOf('hello', hello) + eventOf('entries', [...nodes, ...told]));
      return;
    }
    if (url === '/lacks') {
      asked += 1;
      response.end(JSON.stringify(LACKS));
      return;
    }
    const { status, type, body } = files.get(url) ?? { status: 404, type: 'text/plain', body: '' };
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  const port = await freePort();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  try {
    await withVisit(
      `http://localhost:${port}/`,
      async ({ page }) => {
        await page.waitForSelector('body[data-connection=live]');
        await check(page, () => asked);
      },
      {
        prepare: async (page) => {
          // It runs until it is stopped at a later time.
          await page.clock.install({ time: STARTED_MS - HOUR_MS });
          await page.clock.pauseAt(STARTED_MS);
        },
      },
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function eventOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
