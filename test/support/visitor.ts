/** What somebody does who looks at the page of a node, and waits for. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type HostedNode, withHostedBesideOne, withHostedNodes } from './hosted.js';
import { type Network, withNetwork } from './network.js';
import { placeInDrawing, untilShown, type View } from './page-view.js';
import { untilDrawn } from './pictures.js';
import type { NodeProcess, RunningNode } from './program.js';

/** More than there is to reach on a page with three nodes. */
const TABS = 40;
/** Where the link leads that has the focus. */
export const FOCUSED = 'document.activeElement.href ?? null';

type Check<N extends RunningNode> = (
  nodes: readonly [N, N, N],
  network: Network<N>,
) => Promise<void>;

/** Runs a test with three nodes that share a process. */
export function withThree(check: Check<HostedNode>): Promise<void> {
  return withHostedNodes((network) => checkThree(network, check));
}

/** The same, but for the first, which has a process of its own. */
export function withOneToEnd(
  check: (
    nodes: readonly [NodeProcess, RunningNode, RunningNode],
    network: Network<RunningNode>,
  ) => Promise<void>,
): Promise<void> {
  return withHostedBesideOne((network) =>
    checkThree(network, ([first, ...others]) => check([first as NodeProcess, ...others], network)),
  );
}

/** Runs a test with three nodes, each in a process of its own. */
export function withThreeProcesses(check: Check<NodeProcess>): Promise<void> {
  return withNetwork((network) => checkThree(network, check));
}

async function checkThree<N extends RunningNode>(
  network: Network<N>,
  check: Check<N>,
): Promise<void> {
  const [first, second, third] = await network.startNodes(3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await check([first, second, third], network);
}

export function untilLive(page: Page): Promise<View> {
  return untilShown(page, 'a live page', ({ connection }) => connection === 'live');
}

export function untilLost(page: Page): Promise<View> {
  return untilShown(page, 'that it is lost', ({ connection }) => connection === 'lost');
}

/** Presses Tab until a link has the focus. */
export async function tabTo(page: Page, href: string): Promise<void> {
  const reached: (string | null)[] = [];
  while (reached.length < TABS && reached.at(-1) !== href) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate<string | null>(FOCUSED));
  }
  assert.equal(reached.at(-1), href, `the Tab key reaches ${reached}`);
}

export async function clickInDrawing(page: Page, address: string): Promise<void> {
  await page.locator('#graph').scrollIntoViewIfNeeded();
  await untilDrawn(page);
  const { x, y } = await placeInDrawing(page, address);
  await page.mouse.click(x, y);
}
