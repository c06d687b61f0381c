/** The page of the lab, in a browser, as a learner uses it. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { until } from '../support/helpers.js';
import { type RunningLab, withLab } from '../support/lab.js';

after(closeBrowser);

const textOf = (page: Page, selector: string) => page.locator(selector).innerText();
const drawn = async (page: Page) => Number(await page.locator('#dots').getAttribute('data-drawn'));
async function says(page: Page, words: RegExp): Promise<void> {
  let text = '';
  await until(
    () => `to be told ${words}, not ${text}`,
    async () => {
      text = await textOf(page, '#says');
      return words.test(text);
    },
  );
}

/** What the page knows of its connection, and shows of the nodes and their links. */
const SHOWN = `[document.body, ...document.querySelectorAll('#mesh [data-state]')]
  .map(({ dataset }) => ({ ...dataset }))`;

/** Waits until the page shows the nodes and all links between them. */
async function untilMesh(page: Page, nodes: number): Promise<void> {
  const links = (nodes * (nodes - 1)) / 2;
  const running = page.locator('#mesh [data-address][data-state="running"]');
  const joined = page.locator('#mesh [data-between][data-state="joined"]');
  let shown: unknown;
  await until(
    () => `${nodes} nodes with all links, not ${JSON.stringify(shown)}`,
    async () => {
      shown = await page.evaluate(SHOWN);
      return (await running.count()) === nodes && (await joined.count()) === links;
    },
  );
}

/** Selects a node in the list. */
async function select(page: Page, lab: RunningLab, index: number): Promise<void> {
  const { port } = new URL(lab.addresses[index] ?? '');
  await page.locator('#nodes button', { hasText: port }).click();
}

/** Makes a block at a node, and waits until the lab knows of it. */
async function makeBlock(page: Page, lab: RunningLab, index: number): Promise<void> {
  await select(page, lab, index);
  const before = lab.tips()[index];
  await page.getByRole('button', { name: 'Make a block' }).click();
  await until(
    () => `a block, not ${before}`,
    () => lab.tips()[index] !== before,
  );
}

test('three nodes in the lab', IN_BROWSER, (t) =>
  withLab(3, async (lab) => {
    // The second one begins with all that the first has left.
    for (const [what, check] of [
      ['a transaction is added, travels, is followed, and is seen again slowly', follows],
      ['the network is halved, and a fork is drawn until it ends', forks],
    ] as const) {
      await t.test(what, () => withVisit(lab.url, ({ page }) => check(page, lab)));
    }
  }),
);

async function follows(page: Page, lab: RunningLab): Promise<void> {
  await untilMesh(page, 3);
  await select(page, lab, 0);
  await page.locator('#selected input').first().fill('zoe');
  const before = await drawn(page);
  await page.getByRole('button', { name: 'Add transaction' }).click();
  await says(page, /accepted transaction/);
  // One from the client, and one to each of the others.
  await until('the dots', async () => (await drawn(page)) >= before + 3);
  const row = page.locator('#messages li[data-type="TRANSACTION"]').last();
  await row.locator('summary').click();
  await until('the text', async () => (await row.innerText()).includes('"zoe"'));

  await row.locator('button', { hasText: '…' }).click();
  const first = new URL(lab.addresses[0] ?? '').port;
  await until('its way', async () => (await textOf(page, '#way')).includes(first));
  await page.keyboard.press('Escape');

  // The page stands still while somebody reads.
  await until('a pause', async () => (await textOf(page, '#state')) === 'paused');
  const clock = await textOf(page, '#clock');
  await page.locator('#step-back').click();
  await until('another moment', async () => (await textOf(page, '#clock')) !== clock);
  const rows = () => page.locator('#messages li').count();
  const [now] = [await rows()];
  await page.locator('#step-back').click();
  await until('one message less', async () => (await rows()) < now);
  await page.locator('#speed').selectOption('0.001');
  const replayed = await drawn(page);
  await page.locator('#pause').click();
  await page.locator('#step').click();
  await until('a dot', async () => (await drawn(page)) > replayed);
  await page.locator('#live').click();
  await until('live', async () => (await textOf(page, '#state')) === 'live');

  await page.locator('#filter-type').selectOption('RECEIPT');
  await until('receipts alone', async () => {
    const types = await page
      .locator('#messages li')
      .evaluateAll((all) => all.map((each) => each.getAttribute('data-type')));
    return types.length > 0 && types.every((type) => type === 'RECEIPT');
  });
}

async function forks(page: Page, lab: RunningLab): Promise<void> {
  await untilMesh(page, 3);
  await page.locator('#halve').click();
  await says(page, /cannot reach/);
  const cut = page.locator('#mesh [data-between][data-state="cut"]');
  await until('two links that are cut', async () => (await cut.count()) === 2);
  for (const index of [0, 2]) await makeBlock(page, lab, index);
  const words = () => textOf(page, '#chain-words');
  await until('two branches', async () => /2 branches of equal work/.test(await words()));
  assert.equal(await page.locator('#chain button[data-hash]').count(), 3);
  await makeBlock(page, lab, 2);
  await page.locator('#join-all').click();
  await untilMesh(page, 3);
  await until('one chain', async () => /^One chain/.test(await words()));

  await page.locator('#chain button[data-hash]').last().click();
  const body = page.locator('#content-body');
  await until('the header', async () => /"merkleRoot":/.test(await body.innerText()));
  await page.keyboard.press('Escape');
}

test('whoever has no token looks, and sees no button that touches', IN_BROWSER, () =>
  withLab(1, (lab) =>
    withVisit(
      `http://localhost:${lab.port}/`,
      async ({ page }) => {
        await untilMesh(page, 1);
        assert.match(await textOf(page, '#only-looks'), /npm start/);
        for (const button of ['#add-node', '#halve', '#run-lesson']) {
          assert.ok(await page.locator(button).isHidden(), button);
        }
        await lab.close();
        await until('to be told that the lab is gone', async () =>
          page.locator('#notice').isVisible(),
        );
      },
      { expected: /net::ERR_/ },
    ),
  ),
);
