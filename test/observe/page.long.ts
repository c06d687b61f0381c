/** The page of a node, in a browser: what it shows while nodes come and go. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { Client } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { freePort, makeTransaction, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { withNetwork } from '../support/network.js';
import { pageOf, showsMesh, untilShown } from '../support/page-view.js';
import { keepPictures } from '../support/pictures.js';
import {
  untilLive,
  untilLost,
  withOneToEnd,
  withThree,
  withThreeProcesses,
} from '../support/visitor.js';

/** What a browser says of a node that does not answer any more. */
const GONE = /net::ERR_/;
/** Notes whatever becomes of the connection to the node. */
const WATCH_CONNECTION = `{
  window.connections = [document.body.dataset.connection];
  new MutationObserver(() => window.connections.push(document.body.dataset.connection))
    .observe(document.body, { attributes: true });
}`;

after(closeBrowser);

test('of a transaction it is told who sent it first, and how long it took', IN_BROWSER, () =>
  withThree(async ([first, second]) => {
    await withVisit(pageOf(second), async ({ page }) => {
      // Until then, the first one tells the second only by way of the third.
      await untilShown(page, 'a call of the first', ({ log }) =>
        log.some((line) => line.includes(`handshake from: ${first.address}`)),
      );
      const client = await Client.open(first.address);
      client.send({ ...makeTransaction('punctual'), timeStamp: Date.now() });
      client.send({ ...makeTransaction('timeless'), timeStamp: 'noon' });
      await untilShown(page, 'both', ({ transactions }) => transactions.length === 2);
      const direct = await Client.open(second.address);
      direct.send({ ...makeTransaction('direct'), timeStamp: Date.now() - 50_000 });
      const view = await untilShown(page, 'three', ({ transactions }) => transactions.length === 3);
      for (const { socket } of [client, direct]) socket.terminate();
      const [last, timeless, punctual] = view.transactions;
      assert.equal(last?.id, 'direct');
      assert.match(last?.from ?? '', /^no node$/);
      assert.match(last?.delay ?? '', /^5\d s$/);
      assert.equal(timeless?.id, 'timeless');
      assert.doesNotMatch(timeless?.delay ?? '', /\d|NaN|null/);
      assert.equal(punctual?.id, 'punctual');
      assert.ok(punctual?.from.includes(`localhost:${first.port}`), punctual?.from);
      assert.match(punctual?.delay ?? '', /^\d+(\.\d)? m?s$/);
      assert.equal(view.pool, '3');
    });
  }),
);

test('the links of a killed node go, and are back when it is', IN_BROWSER, () =>
  withThreeProcesses(async ([first, second, third], network) => {
    const addresses = [first, second, third].map(({ address }) => address);
    await withVisit(pageOf(first), async ({ page }) => {
      await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
      await third.end('SIGKILL');
      await untilShown(page, 'no link to the third', ({ nodes, drawn, peers }) => {
        const killed = nodes.find(({ address }) => address === third.address);
        return (
          peers === '1' &&
          /^(lost|dialling)$/.test(killed?.state ?? '') &&
          killed?.links.length === 0 &&
          drawn.links.join() === [first.address, second.address].sort().join(' ')
        );
      });
      await keepPictures(page, 'killed-node');
      await network.restart(third);
      await untilShown(page, 'all three again', (now) => showsMesh(now, addresses));
    });
  }),
);

test('a page notices that its node has stopped, and that another is only quiet', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const [quiet, stopped] = [await network.startNode('node-1'), await network.startNode('node-2')];
    await withVisit(pageOf(quiet), async ({ page: quietPage }) => {
      await untilLive(quietPage);
      await quietPage.evaluate(WATCH_CONNECTION);
      await withVisit(
        pageOf(stopped),
        async ({ page }) => {
          await untilLive(page);
          stopped.process.kill('SIGSTOP');
          const { notice } = await untilLost(page);
          assert.notEqual(notice, '');
          stopped.process.kill('SIGCONT');
          assert.equal((await untilLive(page)).notice, '');
        },
        { expected: GONE },
      );
      assert.doesNotMatch(await quietPage.evaluate<string>('window.connections.join()'), /lost/);
    });
  }),
);

test('a page that has lost its node says so, and is back by itself', IN_BROWSER, () =>
  withOneToEnd(async ([first, second, third], network) => {
    const addresses = [first, second, third].map(({ address }) => address);
    await withVisit(
      pageOf(first),
      async ({ page }) => {
        await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
        await first.end('SIGKILL');
        const lost = await untilLost(page);
        assert.notEqual(lost.notice, '');
        assert.ok(showsMesh(lost, addresses), 'what was known is still there');
        await network.restart(first);
        assert.equal((await untilLive(page)).notice, '');
        await untilShown(page, 'three nodes', (now) => showsMesh(now, addresses));
      },
      { expected: GONE },
    );
  }),
);

test('transactions come to the page of another node, the latest first', IN_BROWSER, () =>
  withThree(async ([first, second]) => {
    await withVisit(pageOf(second), async ({ page }) => {
      await untilShown(page, 'its peers', ({ peers }) => peers === '2');
      const client = await Client.open(first.address);
      const ids = ['a', 'b', 'c', 'd', 'e'];
      for (const id of ids) {
        client.send({ ...makeTransaction(id), timeStamp: Date.now() });
        await untilShown(page, id, ({ transactions }) => transactions[0]?.id === id);
      }
      client.socket.terminate();
    });
  }),
);

test('a node that is alone, and knows nobody, is shown as one', IN_BROWSER, () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await withVisit(pageOf(node), async ({ page }) => {
      const view = await untilShown(page, 'one node', (now) => showsMesh(now, [node.address]));
      assert.deepEqual(
        view.nodes.map(({ state }) => state),
        ['self'],
      );
      assert.equal(view.peers, '0');
      assert.equal(view.height, '0');
      assert.equal(view.pool, '0');
      assert.equal(view.notice, '');
    });
  }),
);

test('a known peer that is not there is shown, without a link', IN_BROWSER, () =>
  withNetwork(async (network) => {
    const nobody = `ws://localhost:${await freePort()}`;
    const node = await network.startNode('node-1', [nobody]);
    await withVisit(pageOf(node), async ({ page }) => {
      const view = await untilShown(page, 'two nodes', ({ nodes }) => nodes.length === 2);
      const absent = view.nodes.find(({ address }) => address === nobody);
      assert.match(absent?.state ?? '', /^(lost|dialling)$/);
      assert.deepEqual(absent?.links, []);
      assert.deepEqual(view.drawn.nodes, [node.address, nobody].sort());
      assert.deepEqual(view.drawn.links, []);
      assert.equal(view.peers, '0');
    });
  }),
);

test(
  'a page that nobody sees leaves its place to others; one that finds none says why',
  IN_BROWSER,
  () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      await withVisit(
        pageOf(node),
        async ({ page }) => {
          await untilLive(page);
          await page.evaluate(seen(false));
          const streams: EventStream[] = [];
          await until('all slots', async () => {
            const stream = await EventStream.open(node).catch(() => undefined);
            return stream !== undefined && streams.push(stream) === LIMITS.eventStreams;
          });
          await page.evaluate(seen(true));
          await untilShown(page, 'why', ({ notice }) => notice.startsWith('Too many pages'));
          for (const stream of streams) stream.close();
          assert.equal((await untilLive(page)).notice, '');
        },
        { expected: /503/ },
      );
    }),
);

/** Has a page believe that its window is seen, or is not. */
function seen(isSeen: boolean): string {
  return `Object.defineProperty(document, 'hidden', { configurable: true, value: ${!isSeen} });
    document.dispatchEvent(new Event('visibilitychange'));`;
}
