/** The page of a node, in a browser: how one gets from node to node, by key and by pointer. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { give, makeIds } from '../support/client.js';
import { say, until } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { clickInDrawing, FOCUSED, tabTo, withThree } from '../support/visitor.js';

after(closeBrowser);

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
