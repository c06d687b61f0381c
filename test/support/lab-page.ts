/** The page of the lab, as somebody sees it. */

import type { Page } from 'playwright-core';
import { until } from './helpers.js';
import type { RunningLab } from './lab.js';

/** What it says somewhere. */
export const textOf = (page: Page, selector: string) => page.locator(selector).innerText();
/** How many dots it has drawn so far. */
export const drawn = async (page: Page) =>
  Number(await page.locator('#dots').getAttribute('data-drawn'));

/** Waits until the page tells what has become of a button. */
export async function says(page: Page, words: RegExp): Promise<void> {
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
export async function untilMesh(page: Page, nodes: number, deadlineMs?: number): Promise<void> {
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
    deadlineMs,
  );
}

/** Selects a node in the list. */
export async function select(page: Page, lab: RunningLab, index: number): Promise<void> {
  const { port } = new URL(lab.addresses[index] ?? '');
  await page.locator('#nodes button', { hasText: port }).click();
}
