/** The page of a node, in a browser: how one gets from node to node, by key and by pointer. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { withHostedNodes } from '../support/hosted.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { tabTo } from '../support/visitor.js';

after(closeBrowser);

test('the Tab key reaches each peer, and Enter goes to its page', IN_BROWSER, () =>
  withHostedNodes(async (network) => {
    const [first, ...others] = await network.startNodes(3);
    assert.ok(first !== undefined);
    const addresses = [first, ...others].map(({ address }) => address);
    await withVisit(pageOf(first), async ({ page }) => {
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
      for (const other of others) await tabTo(page, pageOf(other));
      const last = others.at(-1);
      assert.ok(last !== undefined);
      await page.keyboard.press('Enter');
      await page.waitForURL(pageOf(last));
      await untilShown(page, 'three nodes', (view) => showsMesh(view, addresses));
      assert.ok((await page.locator('h1').innerText()).includes(`localhost:${last.port}`));
    });
  }),
);
