/**
 * The page of a node, in a browser: what it shows while transactions and nodes come and go, by keys too.
 * All short tests of the page share the browser that is started here, which takes seconds.
 */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { Client, makeIds } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { makeTransaction, until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { tabTo, untilLive, untilLost, withThree, withThreeProcesses } from '../support/visitor.js';
import './page-behind-proxy.js';
import './page-untrusted.js';

/** What a browser says of a node that does not answer any more. */
const GONE = /net::ERR_/;

after(closeBrowser);

test('three nodes and their links are in the list and in the drawing', IN_BROWSER, () =>
  withThree(async ([first, second, third]) => {
    const addresses = [first, second, third].map(({ address }) => address);
    await withVisit(pageOf(first), async ({ page }) => {
      const view = await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
      assert.equal(view.connection, 'live');
      assert.equal(view.notice, '');
      assert.equal(view.peers, '2');
      assert.equal(view.bars, 60);
      const shown = view.nodes.map(({ address, state, href }) => `${address} ${state} ${href}`);
      assert.deepEqual(
        shown.sort(),
        [
          `${first.address} self null`,
          `${second.address} connected ${pageOf(second)}`,
          `${third.address} connected ${pageOf(third)}`,
        ].sort(),
      );
      assert.ok(view.nodes.every(({ isStranger }) => !isStranger));
      assert.ok((await page.title()).startsWith(`localhost:${first.port} – `));
      assert.ok((await page.locator('h1').innerText()).includes(`localhost:${first.port}`));
    });
  }),
);

test('the Tab key reaches each peer, and Enter goes to its page', IN_BROWSER, () =>
  withThree(async ([first, ...others]) => {
    const addresses = [first, ...others].map(({ address }) => address);
    await withVisit(pageOf(first), async ({ page }) => {
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
      for (const other of others) await tabTo(page, pageOf(other));
      const [, last] = others;
      await page.keyboard.press('Enter');
      await page.waitForURL(pageOf(last));
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
      assert.ok((await page.locator('h1').innerText()).includes(`localhost:${last.port}`));
    });
  }),
);

test('a block takes the transactions out of the pool, and is shown', IN_BROWSER, () =>
  withThree(async ([first, second], network) => {
    await withVisit(pageOf(second), async ({ page }) => {
      const client = await Client.open(first.address);
      for (const id of makeIds('t', 20)) {
        client.send({ ...makeTransaction(id), timeStamp: Date.now() });
      }
      await untilShown(page, 'all in the pool', ({ pool }) => pool === '20');
      client.socket.terminate();
      const { stdout } = await network.run(['add-block.js']);
      const hash = /\(([0-9a-f]{64})\)/.exec(stdout)?.[1] ?? stdout;
      const view = await untilShown(page, 'the block', ({ height }) => height === '1');
      assert.ok(view.blocks[0]?.includes(hash.slice(0, 8)), `${hash}: ${view.blocks}`);
      await untilShown(page, 'an empty pool', ({ pool }) => pool === '0');
    });
  }),
);

test('a page that has lost its node says so, and is back by itself', IN_BROWSER, () =>
  withThreeProcesses(async ([first, second, third], network) => {
    const addresses = [first, second, third].map(({ address }) => address);
    await withVisit(
      pageOf(first),
      async ({ page }) => {
        await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
        await first.end('SIGKILL');
        const lost = await untilLost(page);
        assert.notEqual(lost.notice, '');
        assert.ok(showsMesh(lost, addresses), 'what was known is still there');
        await network.restart(first);
        assert.equal((await untilLive(page)).notice, '');
        await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
      },
      { expected: GONE },
    );
  }),
);

test(
  'a page that nobody sees leaves its place to others; one that finds none says why',
  IN_BROWSER,
  () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      await withVisit(
        pageOf(node),
        async ({ page }) => {
          await untilLive(page);
          await page.evaluate(seen(false));
          const streams: EventStream[] = [];
          await until('all slots', async () => {
            const stream = await EventStream.open(node).catch(() => undefined);
            return stream !== undefined && streams.push(stream) === LIMITS.eventStreams;
          });
          await page.evaluate(seen(true));
          await untilShown(page, 'why', ({ notice }) => notice.startsWith('Too many pages'));
          for (const stream of streams) stream.close();
          assert.equal((await untilLive(page)).notice, '');
        },
        { expected: /503/ },
      );
    }),
);

test('a node that is alone, and knows nobody, is shown as one', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    await withVisit(pageOf(node), async ({ page }) => {
      const view = await untilShown(page, 'one node', (now) => showsMesh(now, [node.address]));
      assert.deepEqual(
        view.nodes.map(({ state }) => state),
        ['self'],
      );
      assert.equal(view.peers, '0');
      assert.equal(view.height, '0');
      assert.equal(view.pool, '0');
      assert.equal(view.notice, '');
    });
  }),
);

/** Has a page believe that its window is seen, or is not. */
function seen(isSeen: boolean): string {
  return `Object.defineProperty(document, 'hidden', { configurable: true, value: ${!isSeen} });
    document.dispatchEvent(new Event('visibilitychange'));`;
}
