/** The page of a node, in a browser: how one gets from node to node, by key and by pointer. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, IN_BROWSER, RELEASED_MS, withVisit } from '../support/browser.js';
import { give, makeIds } from '../support/client.js';
import { say, until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { clickInDrawing, FOCUSED, tabTo, withThree } from '../support/visitor.js';

after(closeBrowser);

/** Waits in the page until the node has told of so many transactions in its pool. */
const untilTold = (size: number) => `new Promise((resolve) => {
  const stream = new EventSource('/events');
  stream.addEventListener('status', ({ data }) => {
    if (JSON.parse(data).pool?.transactions !== ${size}) return;
    stream.close();
    resolve();
  });
})`;

test('what has the focus shows it, and keeps it while the page changes', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const [first, second] = await network.startNodes(2);
    assert.ok(first !== undefined && second !== undefined);
    await withVisit(pageOf(first), async ({ page }) => {
      await untilShown(page, 'a peer', ({ peers }) => peers === '1');
      await tabTo(page, pageOf(second));
      const outline = 'getComputedStyle(document.activeElement).outlineStyle';
      assert.notEqual(await page.evaluate(outline), 'none');
      await give(second.address, makeIds('t', 100));
      const stranger = await network.trap();
      await say(first.address, { type: 'HANDSHAKE', data: [stranger.address] });
      await untilShown(page, 'the changes', ({ pool, peers }) => pool === '100' && peers === '2');
      assert.equal(await page.evaluate(FOCUSED), pageOf(second));
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

test('a click on a node in the drawing goes to its page', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const nodes = await network.startNodes(3);
    const [first, second] = nodes;
    assert.ok(first !== undefined && second !== undefined);
    const addresses = nodes.map(({ address }) => address);
    await withVisit(pageOf(first), async ({ page }) => {
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
      // Where a machine is busy, the drawing may have moved between the look at it and the click.
      await until('its page', async () => {
        await clickInDrawing(page, second.address);
        const arrives = page.waitForURL(pageOf(second), { timeout: 3000 });
        return arrives.then(() => true).catch(() => false);
      });
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
    });
  }),
);

test('what is pressed keeps its place until it is released', IN_BROWSER, () =>
  withThree(async ([first]) => {
    await withVisit(pageOf(first), async ({ page }) => {
      await give(first.address, makeIds('t', 3));
      await untilShown(page, 'them', ({ pool }) => pool === '3');
      const button = page.locator('#latest .opener button').first();
      const { x, y } = (await button.boundingBox()) ?? { x: 0, y: 0 };
      await page.mouse.move(x + 5, y + 5);
      // A pointer that rests holds nothing up.
      await give(first.address, ['t3']);
      await untilShown(page, 'one more', ({ pool }) => pool === '4');
      await page.mouse.down();
      // By the time that one is told, those before it were shown, if the page changed at all.
      for (const size of [5, 6, 7, 8, 9]) {
        await give(first.address, [`u${size}`]);
        await page.evaluate(untilTold(size));
      }
      await page.mouse.up();
      const opened = page.locator('#content-title');
      await until('what was pressed', async () => (await opened.innerText()) === 'Transaction t3');
      await untilShown(page, 'what came meanwhile', ({ pool }) => pool === '9', RELEASED_MS);
    });
  }),
);

test('a click on a stranger, on the node itself, or beside them leads nowhere', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    await withVisit(pageOf(node), async ({ page }) => {
      const addresses = [node.address, peer.address];
      const view = await untilShown(page, 'a stranger', (now) => showsMesh(now, addresses));
      const shown = view.nodes.find(({ address }) => address === peer.address);
      assert.equal(shown?.isStranger, true);
      assert.equal(shown?.href, null);
      assert.match(shown?.text ?? '', /stranger/);
      const callers = peer.callers.length;
      await clickInDrawing(page, peer.address);
      await clickInDrawing(page, node.address);
      await page.locator('#graph').click({ position: { x: 3, y: 3 } });
      await give(node.address, ['after']);
      await untilShown(page, 'what comes next', ({ transactions }) => transactions.length === 1);
      assert.equal(page.url(), pageOf(node));
      assert.equal(page.context().pages().length, 1);
      assert.equal(peer.callers.length, callers);
    });
  }),
);
