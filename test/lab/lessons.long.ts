/** The lessons of the lab, each to its end; its buttons; and how the page looks with many nodes. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, inTime, withVisit } from '../support/browser.js';
import { until } from '../support/helpers.js';
import { done, type RunningLab, withLab } from '../support/lab.js';
import { says, select, textOf, untilMesh } from '../support/lab-page.js';
import { keepPictures, SCREENS } from '../support/pictures.js';

/** Longer than a step of a lesson may take. */
const LESSON_MS = 180_000;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

after(closeBrowser);

test('each lesson ends as it should, and leaves the network whole', () =>
  withLab(3, async (lab) => {
    await lab.untilConnected();
    assert.equal(lab.hello?.lessons.length, 6);
    for (const { name, title } of lab.hello?.lessons ?? []) {
      assert.equal((await lab.act({ do: 'lesson', lesson: name })).status, 200);
      const said = () => lab.of('lesson').filter(({ lesson }) => lesson === title);
      const lastOf = () => said().at(-1);
      await until(
        () => `the end of ${title}: ${lastOf()?.text}`,
        () => said().length > 0 && lastOf()?.step === lastOf()?.of,
        LESSON_MS,
      );
      const steps = said().map(({ step }) => step);
      assert.deepEqual(
        steps,
        steps.map((_, at) => at + 1),
        `${title}: ${lastOf()?.text}\n${lab.terminal.lines.slice(-20).join('\n')}`,
      );
      // What it has done is undone, and no stranger stays.
      await lab.act({ do: 'end-lesson' });
      await lab.untilConnected();
      await until('one chain', () => new Set(lab.tips()).size === 1);
    }
    const { text } = await lab.act({ do: 'end-lesson' });
    assert.equal(JSON.parse(text).says, 'no lesson runs');
    // One that is ended in its middle leaves nothing cut.
    await lab.act({ do: 'lesson', lesson: 'fork' });
    await until('a cut', () => lab.of('link').at(-1)?.state === 'cut');
    await lab.act({ do: 'end-lesson' });
    await until('no cut', () => lab.of('link').at(-1)?.state === 'joined');
    assert.equal(lab.of('lesson').at(-1)?.text, 'The lesson was ended.');
    await lab.untilConnected();
    // Nor does it leave a node stopped.
    const states = () => ['node-1', 'node-2', 'node-3'].map((name) => lab.stateOf(name));
    const stops = async () => {
      await lab.act({ do: 'lesson', lesson: 'meet' });
      await until('no node', () => states().every((state) => state === 'stopped'));
    };
    await stops();
    await lab.act({ do: 'end-lesson' });
    await until('the nodes', () => states().every((state) => state === 'running'));
    await lab.untilConnected();
    // But when the lab is closed, none is started for that.
    await stops();
    const starts = () => lab.terminal.stdout.split('] page: ').length;
    const before = starts();
    await lab.close();
    assert.equal(starts(), before);
  }));

test(
  'a node is frozen, killed, stopped and started on the page, and one is added',
  IN_BROWSER,
  () =>
    withLab(2, (lab) =>
      withVisit(lab.url, async ({ page }) => {
        await untilMesh(page, 2);
        await page.locator('#nodes button').last().click();
        const second = page.locator(`#mesh [data-address="${lab.addresses[1]}"]`);
        for (const [button, state] of [
          ['Freeze', 'frozen'],
          ['Thaw', 'running'],
          ['Kill', 'stopped'],
          ['Start', 'running'],
          ['Stop', 'stopped'],
        ] as const) {
          await page.getByRole('button', { name: button, exact: true }).click();
          await until(state, async () => (await second.getAttribute('data-state')) === state);
        }
        await page.locator('#add-node').click();
        const nodes = page.locator('#mesh [data-address]');
        await until('a third node', async () => (await nodes.count()) === 3);
      }),
    ),
);

test('the network is halved, and a fork is drawn until it ends', IN_BROWSER, () =>
  withLab(3, (lab) => withVisit(lab.url, ({ page }) => forks(page, lab))),
);

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

for (const nodes of [3, 10, 30]) {
  test(`${nodes} nodes fit on each screen, in light and dark, for everybody`, IN_BROWSER, () =>
    withLab(nodes, (lab) =>
      withVisit(lab.url, async ({ page }) => {
        await untilMesh(page, nodes, LESSON_MS);
        await showMuch(page, lab);
        await page.evaluate(await readFile(AXE, 'utf8'));
        for (const colorScheme of ['light', 'dark'] as const) {
          await inTime('changed its colours', page.emulateMedia({ colorScheme }));
          for (const screen of SCREENS) {
            await inTime('changed its size', page.setViewportSize(screen));
            await assertFits(page, `${screen.width}, ${colorScheme}`);
          }
          await assertNoFault(page, colorScheme);
          await keepPictures(page, `lab-${nodes}-${colorScheme}`);
        }
      }),
    ),
  );
}

/** A transaction that is followed, a node that has left, and a fork. */
async function showMuch(page: Page, lab: RunningLab): Promise<void> {
  const last = `node-${lab.addresses.length}`;
  const transfer = { from: 'alice', to: 'bob', amount: '10' };
  const said = await done(lab, { do: 'add-transaction', node: 'node-1', ...transfer });
  await done(lab, { do: 'halve' });
  for (const node of ['node-1', last]) await done(lab, { do: 'make-block', node });
  await done(lab, { do: 'stop', node: 'node-2' });
  await until(
    'a fork',
    async () => /^A fork/.test(await page.locator('#chain-words').innerText()),
    LESSON_MS,
  );
  const id = / ([0-9a-f]{64})$/.exec(said)?.[1] ?? '';
  await page.locator('#follow').fill(id);
  await page.keyboard.press('Enter');
  await page.locator('#nodes button').first().click();
  await until('its way', async () => page.locator('#way').isVisible());
}

/** Nothing is wider than the screen. */
async function assertFits(page: Page, when: string): Promise<void> {
  await until(`nothing to be beyond the edge: ${when}`, () =>
    page.evaluate<boolean>(
      'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
    ),
  );
}

/** By the rules of axe (https://github.com/dequelabs/axe-core). */
async function assertNoFault(page: Page, when: string): Promise<void> {
  const faults = await inTime(
    'judged the page',
    page.evaluate<string[]>(`axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`),
  );
  assert.deepEqual(faults, [], when);
}
