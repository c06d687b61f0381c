/** The page of a node, in a browser: whether it can be read, in light and dark, on any screen. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { give, makeIds } from '../support/client.js';
import { FakeEventStream } from '../support/fake-event-stream.js';
import { freePort, until } from '../support/helpers.js';
import { NameDropper } from '../support/name-dropper.js';
import { withNetwork } from '../support/network.js';
import { pageOf, untilShown } from '../support/page-view.js';
import { keepPictures, untilDrawn } from '../support/pictures.js';
import type { NodeProcess } from '../support/program.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** How many pixels wide they are. */
const TELEPHONES = [390, 360];
/** Of WCAG 2.2, level AA: text on its ground; and what else has to be told apart. */
const TEXT_CONTRAST = 4.5;
const SHAPE_CONTRAST = 3;

/** Whatever can be read on the page, or seen in the drawing, and how it stands out from its ground. */
const MEASURE = `(() => {
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  // What is seen where these colours, however they are spelt, are painted over each other.
  const seen = (layers) => {
    for (const [colour, opacity] of [['#fff', 1], ...layers]) {
      pen.globalAlpha = opacity;
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
    }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const lightOf = (layers) => {
    const [r, g, b] = seen(layers).map((value) => value / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (ground, colour, opacity) => {
    const lights = [lightOf(ground), lightOf([...ground, [colour, opacity]])];
    return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
  };
  const upwards = (element) => (element ? [element, ...upwards(element.parentElement)] : []);
  const groundOf = (element) =>
    upwards(element).reverse().map((each) => [getComputedStyle(each).backgroundColor, 1]);
  const opacityOf = (element) =>
    upwards(element).reduce((all, each) => all * getComputedStyle(each).opacity, 1);
  const hasText = (element) => [...element.childNodes]
    .some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim() !== '');
  const graph = document.getElementById('graph');
  const drawing = graph._cyreg.cy;
  return [
    ...[...document.querySelectorAll('body *')]
      .filter((element) => hasText(element) && element.checkVisibility())
      .map((element) => {
        const style = getComputedStyle(element);
        const colour = element.closest('svg') ? style.fill : style.color;
        return {
          what: element.textContent.trim(),
          isText: true,
          contrast: contrast(groundOf(element), colour, opacityOf(element)),
        };
      }),
    ...drawing.nodes().map((node) => ({
      what: 'label ' + node.id(),
      isText: true,
      contrast: contrast(groundOf(graph), node.style('color'), node.effectiveOpacity()),
    })),
    ...drawing.edges().map((edge) => ({
      what: 'link ' + edge.id(),
      isText: false,
      contrast: contrast(groundOf(graph), edge.style('line-color'), edge.effectiveOpacity()),
    })),
  ];
})()`;

/** What reaches beyond the window at one side, where nobody can scroll to it. */
const FIND_CUT_OFF = `[...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return left < 0 || right > innerWidth;
  })
  .map((element) => element.outerHTML)`;

interface Measured {
  readonly what: string;
  readonly isText: boolean;
  readonly contrast: number;
}

const NAME = 'wss://a-host-with-a-very-long-name-that-somebody-has-chosen.example:65535';
/** What a node may say that has run for long, in a large network, of people who like long names. */
const LONG = {
  node: { address: NAME, version: '10.20.30', startedAt: 0, uptimeMs: 1e11, clients: 128 },
  network: {
    nodes: [
      { address: NAME, state: 'self' },
      { address: `wss://${'x'.repeat(63)}.${'y'.repeat(63)}.example`, state: 'lost' },
      { address: 'wss://[2001:db8:1111:2222:3333:4444:5555:6666]:65535', state: 'reported' },
    ],
    links: [],
    leftOut: 1_000_000,
  },
  transactions: {
    accepted: 1e10,
    duplicate: 1e10,
    rejected: 1e10,
    relayed: 1e12,
    rate: Array(60).fill(100_000),
    minute: 1e10,
    latest: Array(12).fill({
      id: 'x'.repeat(256),
      from: NAME,
      at: 0,
      delayMs: -1e13,
      block: 1e8,
      fromAddress: 'x'.repeat(64),
      toAddress: 'x'.repeat(64),
      amount: 1e300,
    }),
  },
  pool: { transactions: 1e8, bytes: 1e10, maxBytes: 1e10 },
  chain: {
    height: 1e8,
    others: [{ address: NAME, hash: '0'.repeat(64) }],
    blocks: Array(5).fill({
      height: 1e8,
      hash: '0'.repeat(64),
      timestamp: Date.UTC(2030, 11, 30, 23, 59, 59),
      transactions: 1024,
    }),
  },
  log: Array(20).fill({ at: 0, event: 'not connected', detail: 'x'.repeat(300) }),
};

after(closeBrowser);

test('what is written and drawn stands out from its ground, in dark and in light', IN_BROWSER, () =>
  withBusyNode(async (node) => {
    await withVisit(
      pageOf(node),
      async ({ page }) => {
        await untilBusy(page);
        for (const colorScheme of ['dark', 'light'] as const) {
          // The second time, while the page is open.
          await page.emulateMedia({ colorScheme });
          await untilDrawn(page);
          await keepPictures(page, `busy-${colorScheme}`);
          const measured = await page.evaluate<Measured[]>(MEASURE);
          assert.ok(measured.length > 50, `${measured.length} texts`);
          const faint = measured.filter(
            ({ isText, contrast }) => contrast < (isText ? TEXT_CONTRAST : SHAPE_CONTRAST),
          );
          assert.deepEqual(faint, [], colorScheme);
        }
      },
      { colorScheme: 'dark' },
    );
  }),
);

test(
  'axe finds nothing that would keep anybody out, in light and dark, nor in what opens',
  IN_BROWSER,
  () =>
    withBusyNode(async (node) => {
      await withVisit(pageOf(node), async ({ page }) => {
        await untilBusy(page);
        await page.evaluate(await readFile(AXE, 'utf8'));
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await assertNoFault(page, colorScheme);
          await page.locator('#blocks .opener button').first().click();
          await until('a text', async () => {
            return (await page.locator('#content-text').innerText()).includes('"hash"');
          });
          await assertNoFault(page, `${colorScheme}, with a block open`);
          await page.keyboard.press('Escape');
        }
      });
    }),
);

/** By the rules of axe (https://github.com/dequelabs/axe-core). */
async function assertNoFault(page: Page, when: string): Promise<void> {
  const faults = await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
  assert.deepEqual(faults, [], when);
}

test('nothing is wider than a telephone, however long it is', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const stream = network.keep(await FakeEventStream.open(LONG));
    await withVisit(
      pageOf(node),
      async ({ page }) => {
        await untilShown(
          page,
          'the event stream',
          ({ nodes }) => nodes.length === LONG.network.nodes.length,
        );
        for (const width of TELEPHONES) {
          await page.setViewportSize({ width, height: 844 });
          await untilDrawn(page);
          const needed = await page.evaluate<number>('document.scrollingElement.scrollWidth');
          assert.ok(needed <= width, `${needed} pixels of ${width}`);
          assert.deepEqual(await page.evaluate(FIND_CUT_OFF), [], `${width} pixels wide`);
        }
      },
      { width: 390, height: 844, prepare: (page) => stream.replace(page) },
    );
  }),
);

/** A node with something of everything: peers of all kinds, transactions, a block. */
function withBusyNode(check: (node: NodeProcess) => Promise<void>): Promise<void> {
  return withNetwork(async (network) => {
    const stranger = await network.trap();
    const absent = `ws://localhost:${await freePort()}`;
    const node = await network.startNode('node-1', [stranger.address, absent]);
    await network.startNode('node-2', [node.address]);
    const dropper = network.keep(await NameDropper.join(node, [NAME]));
    await give(node.address, ['in a block']);
    await network.run(['add-block.js']);
    await give(node.address, [...makeIds('t', 10), 'long '.repeat(50), 'x'.repeat(256)]);
    await check(node);
    dropper.hangUp();
  });
}

async function untilBusy(page: Page): Promise<void> {
  await untilShown(
    page,
    'something of everything',
    (view) =>
      view.nodes.length === 6 && view.peers === '3' && view.pool === '12' && view.height === '1',
  );
}
