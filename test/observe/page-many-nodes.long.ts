/** The page of a node, in a browser: a network of many, and much that happens in it. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { give, makeIds } from '../support/client.js';
import { withFakeEventStream } from '../support/fake-event-stream.js';
import { connectTo } from '../support/helpers.js';
import { NameDropper } from '../support/name-dropper.js';
import { type Network, withNetwork } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { keepPictures, SCREENS, untilDrawn } from '../support/pictures.js';
import type { NodeProcess } from '../support/program.js';

const CROWD = 60;
/** Three minutes of a page, which hears something five times a second. */
const MESSAGES = 900;
const WARM_UP = 100;
const STEP = 25;
/** More than the browser's own compiled code takes meanwhile; less than all that was said. */
const HEAP_BYTES = 2 * 2 ** 20;

/** The nodes whose labels reach beyond the drawing. */
const FIND_LABELS_OUTSIDE = `(() => {
  const drawing = document.getElementById('graph')._cyreg.cy;
  return drawing.nodes().filter((node) => {
    const { x1, y1, x2, y2 } = node.renderedBoundingBox({ includeLabels: true });
    return x1 < 0 || y1 < 0 || x2 > drawing.width() || y2 > drawing.height();
  }).map((node) => node.data('label'));
})()`;

after(closeBrowser);

test('sixty nodes and all their links are shown, with no label cut off', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const { node, addresses } = await startCrowd(network, CROWD - 1);
    await withVisit(pageOf(node), async ({ page }) => {
      const view = await untilShown(page, 'all nodes', (now) => showsMesh(now, addresses));
      assert.equal(view.drawn.links.length, (CROWD * (CROWD - 1)) / 2);
      assert.equal(view.peers, String(CROWD - 1));
      await assertLabelsAreInside(page);
      await keepPictures(page, 'sixty-nodes');
    });
  }),
);

test('no label is cut off by the edge of the drawing, however long the names are', IN_BROWSER, () =>
  withFakeEventStream(async (page, stream) => {
    for (const count of [1, 2, 3, 5, 16, 17, 60]) {
      stream.say({ network: networkOf(namesLikeThese(count)) });
      await untilShown(page, 'all nodes', ({ nodes }) => nodes.length === count);
      await assertLabelsAreInside(page);
    }
  }),
);

test('of a flood, the latest are shown', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    await withVisit(pageOf(node), async ({ page }) => {
      const ids = makeIds('t', 3000);
      await give(node.address, ids);
      await network.run(['add-block.js', '--empty', '--count', '6']);
      for (let i = 0; i < 25; i++) (await connectTo(node.address)).send('[');
      const view = await untilShown(
        page,
        'the sixth block',
        ({ height, log }) => height === '6' && log.length === 20,
      );
      assert.deepEqual(
        view.transactions.map(({ id }) => id),
        ids.slice(-12).reverse(),
      );
      assert.equal(view.blocks.length, 5);
      assert.equal(view.bars, 60);
      await give(node.address, ['one more']);
      const { transactions } = await untilShown(
        page,
        'one more',
        (now) => now.transactions[0]?.id === 'one more',
      );
      assert.equal(transactions.length, 12);
    });
  }),
);

test('a page that is open for long takes no more than at first', IN_BROWSER, () =>
  withFakeEventStream(async (page, stream) => {
    const messages = Array.from({ length: MESSAGES }, (_, place) => messageAt(place));
    // Until there are as many nodes that have left as it remembers.
    for (let place = 0; place < WARM_UP; place += STEP) {
      stream.say(...messages.slice(place, place + STEP));
      await untilShown(page, 'the first', ({ pool }) => pool === String(place + STEP));
    }
    const before = await measure(page);
    stream.say(...messages.slice(WARM_UP));
    const view = await untilShown(page, 'the last', ({ pool }) => pool === String(MESSAGES));
    const after = await measure(page);
    assert.equal(view.transactions[0]?.id, `t${MESSAGES}`);
    assert.equal(view.transactions.length, 12);
    assert.equal(view.log.length, 20);
    assert.equal(view.blocks.length, 5);
    assert.equal(view.drawn.nodes.length, view.nodes.length);
    const tell = () => JSON.stringify({ before, after });
    assert.ok(after.elements <= before.elements + 5, tell());
    assert.ok(after.listeners <= before.listeners + 5, tell());
    assert.ok(after.heapBytes < before.heapBytes + HEAP_BYTES, tell());
  }),
);

/** A node, and so many others that are connected to it, and say to be to each other. */
async function startCrowd(
  network: Network,
  size: number,
): Promise<{ node: NodeProcess; addresses: string[] }> {
  const node = await network.startNode();
  const others: NameDropper[] = [];
  while (others.length < size) others.push(network.keep(await NameDropper.join(node, [])));
  const addresses = [node.address, ...others.map(({ address }) => address)];
  for (const other of others) other.tell(addresses.filter((address) => address !== other.address));
  return { node, addresses };
}

/** Long ones: but for their beginnings and ends, they are the same. */
function namesLikeThese(count: number): string[] {
  return Array.from(
    { length: count },
    (_, place) => `wss://node-${place}.of.a.network.example:40${10 + place}`,
  );
}

/** A network of nodes that are connected to the first of them, which tells of it. */
function networkOf(addresses: readonly string[]): Record<string, unknown> {
  return {
    nodes: addresses.map((address, place) => {
      return { address, state: place === 0 ? 'self' : 'connected', isStranger: false };
    }),
    links: addresses.slice(1).map((_, place) => [0, place + 1]),
    leftOut: 0,
  };
}

async function assertLabelsAreInside(page: Page): Promise<void> {
  for (const screen of SCREENS) {
    await page.setViewportSize(screen);
    await untilDrawn(page);
    assert.deepEqual(await page.evaluate(FIND_LABELS_OUTSIDE), [], `${screen.width} pixels wide`);
  }
}

/** What a node says in which much has happened: with each message something new of everything. */
function messageAt(place: number): Record<string, unknown> {
  const number = place + 1;
  const latest = (count: number) => Array.from({ length: count }, (_, index) => number - index);
  const addresses = ['self', ...latest(10)].map((name) => `ws://${name}.example:4001`);
  return {
    network: networkOf(addresses),
    transactions: {
      accepted: number,
      duplicate: number,
      rejected: number,
      relayed: number,
      rate: latest(60).map((each) => Math.max(0, each)),
      minute: number,
      latest: latest(12).map((id) => {
        const said = { fromAddress: 'a', toAddress: 'b', amount: id };
        return { id: `t${id}`, from: addresses[1], at: id, delayMs: id, block: id, ...said };
      }),
    },
    pool: { transactions: number, bytes: number, maxBytes: 2 ** 30 },
    chain: {
      height: number,
      others: [],
      blocks: latest(5).map((height) => {
        return { height, hash: String(height).padStart(64, '0'), timestamp: 0, transactions: 1 };
      }),
    },
    log: latest(20).map((at) => ({ at, event: 'connected', detail: String(at) })),
  };
}

interface Taken {
  readonly elements: number;
  readonly listeners: number;
  readonly heapBytes: number;
}

/** What a page takes when all is gone that nobody needs. */
async function measure(page: Page): Promise<Taken> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  const taken = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  return {
    elements: taken.Nodes ?? Number.NaN,
    listeners: taken.JSEventListeners ?? Number.NaN,
    heapBytes: taken.JSHeapUsedSize ?? Number.NaN,
  };
}
