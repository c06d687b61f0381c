/**
 * The page of a node, in a browser: what it shows while transactions and nodes come and go, by keys too.
 * All short tests of the page share the browser that is started here, which takes seconds.
 */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { Client, makeIds } from '../support/client.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { pageOf, showsMesh, untilShown, type View, viewOf } from '../support/page-view.js';
import { withThree } from '../support/visitor.js';
import './page-untrusted.js';

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

test('a block takes the transactions out of the pool, and is shown', IN_BROWSER, () =>
  withThree(async ([first, second]) => {
    await withVisit(pageOf(second), async ({ page }) => {
      const client = await Client.open(first.address);
      for (const id of makeIds('t', 20)) {
        client.send({ ...makeTransaction(id), timeStamp: Date.now() });
      }
      await untilShown(page, 'all in the pool', ({ pool }) => pool === '20');
      client.socket.terminate();
      const { hash } = await addBlock(first);
      const view = await untilShown(page, 'the block', ({ height, transactions }) => {
        return height === '1' && transactions[0]?.where === 'block 1';
      });
      assert.match(`${view.transactions[0]?.what}`, /^alice → bob: \d+$/);
      await page.locator('#latest .opener button').first().click();
      const text = page.locator('#content-text');
      await until('its text', async () => /"amount": \d/.test(await text.innerText()));
      assert.match(
        await text.innerText(),
        /^\{\n {2}"place": null,\n {2}"block": 1,\n {2}"transaction"/,
      );
      await page.keyboard.press('Escape');
      await page.locator('#blocks .opener button').first().click();
      await until('the block', async () => (await text.innerText()).includes(hash));
      await page.keyboard.press('Escape');
      assert.ok(view.blocks[0]?.includes(hash.slice(0, 8)), `${hash}: ${view.blocks}`);
      await untilShown(page, 'an empty pool', ({ pool }) => pool === '0');
    });
  }),
);

test('a node that nobody answers says so, and shows its dials only when asked', IN_BROWSER, () =>
  withHostedNodes(async (network) => {
    const nobody = `ws://localhost:${await freePort()}`;
    const port = await freePort();
    await network.addNode('node-1', port, [nobody]);
    const pool = '[{"id":"1"},{"id":"2"}]\n';
    await network.write('node-1/transactions.json', pool);
    const node = await network.launch('node-1', port).listening();
    await withVisit(pageOf(node), async ({ page }) => {
      await untilShown(page, 'its pool', (view) => view.pool === '2');
      const said = async (id: string) => page.locator(id).innerText();
      assert.equal(
        await said('#summary'),
        'This node is alone. It knows of 1 address, and nobody answers there.',
      );
      assert.match(
        await said('#none-came'),
        /^None since the node started; 2 older ones are in its pool\.$/,
      );
      const dials = (view: View) =>
        view.log.filter((line) => / unreachable: /.test(` ${line.slice(8)}`));
      assert.deepEqual(dials(await viewOf(page)), []);
      await page.locator('#dials').check();
      await untilShown(page, 'dials', (view) => dials(view).length > 0);
    });
  }),
);

test('a node that has left stays on the page for some minutes, with the time when it left', async () => {
  const file = new URL('../../lib/observe/page/departed.js', import.meta.url);
  const { Departed } = await import(file.href);
  const departed = new Departed();
  const map = (state?: string, leftOut = 0) => ({
    nodes: [{ address: 'a', state: 'self' }, ...(state ? [{ address: 'b', state }] : [])],
    links: [],
    leftOut,
  });
  const shown = (told: object, at: number) => departed.addTo(told, at).nodes[1];
  assert.deepEqual(shown(map('connected'), 1000), { address: 'b', state: 'connected' });
  assert.deepEqual(shown(map('lost'), 5000), { address: 'b', state: 'lost', leftAt: 1000 });
  assert.deepEqual(shown(map(), 20_000), { address: 'b', state: 'left', leftAt: 1000 });
  assert.equal(shown(map(undefined, 1), 20_000), undefined, 'it may be one of those not shown');
  assert.deepEqual(shown(map('connected'), 30_000), { address: 'b', state: 'connected' });
  assert.deepEqual(shown(map(), 629_000), { address: 'b', state: 'left', leftAt: 30_000 });
  assert.equal(shown(map(), 631_000), undefined);
});
