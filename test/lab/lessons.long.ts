/** The lessons of the lab, each to its end; its buttons; and how the page looks with many nodes. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { until } from '../support/helpers.js';
import { type RunningLab, withLab } from '../support/lab.js';
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

for (const nodes of [3, 10, 30]) {
  test(`${nodes} nodes fit on each screen, in light and dark, for everybody`, IN_BROWSER, () =>
    withLab(nodes, (lab) =>
      withVisit(lab.url, async ({ page }) => {
        await untilMesh(page, nodes);
        await showMuch(page, lab);
        await page.evaluate(await readFile(AXE, 'utf8'));
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          for (const screen of SCREENS) {
            await page.setViewportSize(screen);
            await assertFits(page, `${screen.width}, ${colorScheme}`);
          }
          await assertNoFault(page, colorScheme);
          await keepPictures(page, `lab-${nodes}-${colorScheme}`);
        }
      }),
    ),
  );
}

/** Waits until the page shows all nodes, each connected to all. */
async function untilMesh(page: Page, nodes: number): Promise<void> {
  const joined = page.locator('#mesh [data-between][data-state="joined"]');
  await until(
    'all links',
    async () => (await joined.count()) === (nodes * (nodes - 1)) / 2,
    LESSON_MS,
  );
}

/** A transaction that is followed, a node that has left, and a fork. */
async function showMuch(page: Page, lab: RunningLab): Promise<void> {
  const last = `node-${lab.addresses.length}`;
  const said = await lab.act({
    do: 'add-transaction',
    node: 'node-1',
    from: 'alice',
    to: 'bob',
    amount: '10',
  });
  await lab.act({ do: 'halve' });
  for (const node of ['node-1', last]) await lab.act({ do: 'make-block', node });
  await lab.act({ do: 'stop', node: 'node-2' });
  await until(
    'a fork',
    async () => /^A fork/.test(await page.locator('#chain-words').innerText()),
    LESSON_MS,
  );
  const id = / ([0-9a-f]{64})"/.exec(said.text)?.[1] ?? '';
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
  const faults = await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
  assert.deepEqual(faults, [], when);
}
