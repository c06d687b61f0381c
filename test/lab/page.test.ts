/** The page of the lab, in a browser, as a learner uses it. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, RELEASED_MS, withVisit } from '../support/browser.js';
import { give, makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { type RunningLab, withLab } from '../support/lab.js';
import { drawn, says, select, textOf, untilMesh } from '../support/lab-page.js';

after(closeBrowser);

test('three nodes in the lab', IN_BROWSER, (t) =>
  withLab(3, async (lab) => {
    await t.test('a transaction is added, travels, is followed, and is seen again slowly', () =>
      withVisit(lab.url, ({ page }) => follows(page, lab)),
    );
    await t.test('a message that is pressed keeps its place until it is released', () =>
      withVisit(lab.url, ({ page }) => presses(page, lab)),
    );
    await t.test('a flood is shown in part, and what came last in full', () =>
      withVisit(lab.url, ({ page }) => floods(page, lab)),
    );
    await t.test('whoever has no token looks, and sees no button that touches', () =>
      withVisit(`http://localhost:${lab.port}/`, ({ page }) => looks(page, lab), {
        expected: /net::ERR_/,
      }),
    );
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
  // There is one such, whatever comes later.
  const row = page.locator('#messages li[data-type="TRANSACTION"]', { hasText: 'client →' });
  await row.locator('summary').click();
  await until('the text', async () => (await row.innerText()).includes('"zoe"'));
  const canGoOn = await isFocused(row.locator('summary'));
  assert.ok(canGoOn, 'who opens a message by the keyboard goes on from there');

  await row.locator('button', { hasText: '…' }).click();
  const first = new URL(lab.addresses[0] ?? '').port;
  await until('its way', async () => (await textOf(page, '#way')).includes(first));
  await until('what became of it', async () =>
    /told a client what became of it: accepted\./.test(await textOf(page, '#way')),
  );
  await page.keyboard.press('Escape');

  // The page stands still while somebody reads.
  await until('a pause', async () => (await textOf(page, '#state')) === 'paused');
  const clock = await textOf(page, '#clock');
  await page.locator('#step-back').click();
  await until('another moment', async () => (await textOf(page, '#clock')) !== clock);
  const rows = () => page.locator('#messages li').count();
  const [now, way] = [await rows(), await textOf(page, '#way')];
  const end = page.getByRole('button', { name: 'Stop following' });
  await end.focus();
  await page.keyboard.press('ArrowLeft');
  await until('one message less', async () => (await rows()) < now);
  assert.notEqual(await textOf(page, '#way'), way);
  assert.ok(
    await isFocused(end),
    'who can end it by the keyboard still can when its way has changed',
  );
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

function isFocused(element: Locator): Promise<boolean> {
  return element.evaluate((each) => each.matches(':focus'));
}

async function presses(page: Page, lab: RunningLab): Promise<void> {
  await untilMesh(page, 3);
  const { x, y } = (await page.locator('#messages summary').first().boundingBox()) ?? {
    x: 0,
    y: 0,
  };
  await page.mouse.move(x + 5, y + 5);
  await page.mouse.down();
  const pressed = await textOf(page, '#messages summary:active');
  // Each is drawn half a second after it was sent, and by then the one before is in the list.
  for (const id of ['one', 'two']) {
    const before = await drawn(page);
    await give(lab.addresses[0] ?? '', [id]);
    await until('the dots', async () => (await drawn(page)) >= before + 3);
  }
  await page.mouse.up();
  await until('what was pressed', () => page.locator('#messages details[open]').isVisible());
  assert.equal(await textOf(page, '#messages details[open] summary'), pressed);
  // What is opened stops the time of the page, which may be before all that was sent.
  await page.locator('#live').click();
  const hasCome = async () => (await textOf(page, '#messages')).includes('two');
  await until('what came meanwhile', hasCome, RELEASED_MS);
}

async function floods(page: Page, lab: RunningLab): Promise<void> {
  await untilMesh(page, 3);
  const [first = ''] = lab.addresses;
  await give(first, makeIds('flood', 2000));
  await until('what was left out', () => page.locator('#left-out').isVisible());
  await give(first, ['after-it']);
  const rows = page.locator('#messages li');
  await until('the rows', async () => (await rows.count()) === 100);
  await until('the last one', async () => (await textOf(page, '#messages')).includes('after-it'));
}

async function looks(page: Page, lab: RunningLab): Promise<void> {
  await untilMesh(page, 3);
  assert.match(await textOf(page, '#only-looks'), /npm start/);
  for (const button of ['#add-node', '#halve', '#run-lesson']) {
    assert.ok(await page.locator(button).isHidden(), button);
  }
  await lab.close();
  await until('to be told that the lab is gone', () => page.locator('#notice').isVisible());
  await page.locator('#messages summary').first().click();
  await until('why a message has no text', async () =>
    /There is no text: the lab does not answer\./.test(await textOf(page, '#messages pre')),
  );
}
