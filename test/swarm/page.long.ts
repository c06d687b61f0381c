import { after, before, test } from 'node:test';
import type { Testnet } from 'hyperdht/testnet.js';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { inSwarm, openDht, placeOf, startInSwarm, untilSwarmMesh } from '../support/swarm.js';

/** Two rounds of pings. */
const PINGED_MS = 60_000;

let dht: Testnet;
before(async () => {
  dht = await openDht();
});
after(() => dht.destroy());
after(closeBrowser);

test('the page says who is met by the swarm, and how far away', IN_BROWSER, () =>
  withHostedNodes(async (network) => {
    const setup = { bootstrap: placeOf(dht) };
    const first = await startInSwarm(network, 'node-1', setup);
    const second = await startInSwarm(network, 'node-2', setup);
    await untilSwarmMesh([first, second]);
    const url = first.address.replace('ws', 'http');
    await withVisit(url, async ({ page }) => {
      const short = `${new URL(inSwarm(second)).hostname.slice(0, 8)}….dht`;
      let said = '';
      await until(
        () => `${short} by the swarm, with its distance; there is: ${said}`,
        async () => {
          said = await page.locator('#nodes').innerText();
          const [, ms] =
            said.split(`${short} connected by the swarm, `)[1]?.match(/^(< 1|\d+) ms/) ?? [];
          return ms !== undefined;
        },
        PINGED_MS,
      );
      const own = `In its swarm it is ${inSwarm(first)}.`;
      await until('its own address', async () => {
        return (await page.locator('#version').innerText()).includes(own);
      });
    });
  }),
);
