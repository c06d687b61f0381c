/** The page of a node, in a browser: what others send is text there, and never more than that. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { IN_BROWSER, withVisit } from '../support/browser.js';
import { ask } from '../support/client.js';
import { withFakeEventStream } from '../support/fake-event-stream.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { NameDropper } from '../support/name-dropper.js';
import { pageOf, untilShown } from '../support/page-view.js';

/** What runs if a page takes it for markup, for a template, or for an address to go to. */
const HOSTILE = [
  '<img src=x onerror=spring()>',
  '<script>spring()</script>',
  '"><svg onload=spring()>',
  "' autofocus onfocus='spring()",
  'javascript:spring()',
  '</td></table><iframe srcdoc="<script>parent.spring()</script>">',
  '&lt;img src=x onerror=spring()&gt;',
  '{{spring()}}$' + '{spring()}',
  '__proto__',
  'x'.repeat(256),
];
/** A host may be spelt like this: neither `<` nor `>` may be in it, but quotes may. */
const HOSTILE_ADDRESSES = [
  'ws://a"onmouseover=spring():80',
  "ws://'onfocus='spring():81",
  'ws://javascript:82',
  'ws://{{spring()}}:83',
  'ws://&lt;svg&gt;:84',
  'ws://constructor:85',
];

const SET_TRAP = 'window.sprung = 0; window.spring = () => { window.sprung += 1; };';
/** Elements that no page of a node has, and attributes that would run something. */
const FIND_FOREIGN = `[...document.querySelectorAll('*')].flatMap((element) => [
  ...(/^(iframe|object|embed|base|template)$/.test(element.localName) ? [element.outerHTML] : []),
  ...element.getAttributeNames().filter((name) => /^on|^srcdoc$|^autofocus$/i.test(name)),
  ...['src', 'href'].filter((name) => element.hasAttribute(name))
    .map((name) => element.getAttribute(name))
    .filter((url) => !/^https?:$/.test(new URL(url, location.href).protocol)),
])`;
const setTrap = (page: Page) => page.addInitScript(SET_TRAP);

const REFUSALS = [
  /inline script/,
  /inline event handler/,
  /JavaScript URL/i,
  /inline style/,
  /data:text/,
  /localhost:1/,
];

test('what another node sends is on the page as it was sent, and runs nothing', IN_BROWSER, () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await withVisit(
      pageOf(node),
      async ({ page }) => {
        network.keep(await NameDropper.join(node, [...HOSTILE_ADDRESSES, ...HOSTILE]));
        const sent = HOSTILE.map((id) => ({ id, timeStamp: id, fromAddress: id }));
        await ask(node.address, ...sent);
        const { transactions } = await untilShown(
          page,
          'all transactions',
          (view) => view.transactions.length === HOSTILE.length,
        );
        assert.deepEqual(
          transactions.map(({ id }) => id),
          [...HOSTILE].reverse(),
        );
        await untilShown(page, 'all addresses', ({ nodes, drawn }) => {
          const listed = nodes.map(({ address }) => address);
          return HOSTILE_ADDRESSES.every(
            (address) => listed.includes(address) && drawn.nodes.includes(address),
          );
        });
        await assertNothingRan(page);
      },
      { prepare: setTrap },
    );
  }),
);

test('whatever text a node were to say is text on its page, and runs nothing', IN_BROWSER, () =>
  withFakeEventStream(
    async (page, stream) => {
      stream.say(...HOSTILE_ADDRESSES.map(sayHostile));
      const all = HOSTILE_ADDRESSES.length;
      const view = await untilShown(page, 'the last of it', ({ height }) => height === `${all}`);
      assert.deepEqual(
        view.nodes.map(({ address }) => address).sort(),
        [...HOSTILE_ADDRESSES].sort(),
      );
      for (const { href } of view.nodes) assert.match(href ?? 'http:', /^http:/);
      for (const place of view.log.keys()) {
        assert.ok(view.log[place]?.includes(HOSTILE[place] ?? ''), view.log[place]);
      }
      await assertNothingRan(page);
    },
    { prepare: setTrap },
  ),
);

test(
  'no script runs but that of the page, even if somebody could put one into it',
  IN_BROWSER,
  () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      await withVisit(
        pageOf(node),
        async ({ page, faults }) => {
          await untilShown(page, 'a live page', ({ connection }) => connection === 'live');
          await page.evaluate(`(() => {
          const script = document.createElement('script');
          script.textContent = 'spring()';
          document.body.append(script);
          const box = document.createElement('div');
          box.innerHTML = '<img src="/icon.svg" onload="spring()"><b onclick="spring()">b</b>' +
            '<a href="javascript:spring()">a</a><i style="position:fixed">i</i>';
          document.body.append(box);
          box.querySelector('b').click();
          box.querySelector('a').click();
        })()`);
          const elsewhere = "import('data:text/javascript,spring()').catch(() => 'refused')";
          assert.equal(await page.evaluate(elsewhere), 'refused');
          const away = "fetch('http://localhost:1/').catch(() => 'refused')";
          assert.equal(await page.evaluate(away), 'refused');
          await until(
            () => `all to be refused: ${faults.join('\n')}`,
            () => REFUSALS.every((refusal) => faults.some((fault) => refusal.test(fault))),
          );
          assert.equal(await page.evaluate('window.sprung'), 0);
        },
        { prepare: setTrap, expected: /Content Security Policy/ },
      );
    }),
);

/** All that a node says, with hostile texts in it. */
function sayHostile(self: string, height: number): Record<string, unknown> {
  const others = HOSTILE_ADDRESSES.filter((address) => address !== self);
  return {
    node: { address: self, version: HOSTILE[height], startedAt: 0, uptimeMs: 0, clients: 0 },
    network: {
      nodes: [self, ...others].map((address, place) => {
        return { address, state: place === 0 ? 'self' : 'connected', isStranger: false };
      }),
      links: others.map((_, place) => [0, place + 1]),
      leftOut: 0,
    },
    transactions: {
      accepted: 0,
      duplicate: 0,
      rejected: 0,
      relayed: 0,
      rate: Array(60).fill(0),
      minute: 0,
      latest: HOSTILE.map((id) => {
        const said = { fromAddress: id, toAddress: id, amount: id };
        return { id, from: id, at: 0, delayMs: 0, block: null, ...said };
      }),
    },
    chain: {
      height: height + 1,
      others: HOSTILE.map((text) => ({ address: text, hash: text })),
      blocks: HOSTILE.slice(0, 5).map((hash) => ({ height, hash, timestamp: 0, transactions: 0 })),
    },
    log: HOSTILE.map((text) => ({ at: 0, event: text, detail: text })),
  };
}

async function assertNothingRan(page: Page): Promise<void> {
  assert.equal(await page.evaluate('window.sprung'), 0);
  assert.deepEqual(await page.evaluate(FIND_FOREIGN), []);
}
