/** The ways to look at a node while it is measured. */

import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { CHROMIUM, closeBrowser, Visit } from '../test/support/browser.js';
import { until } from '../test/support/helpers.js';
import type { NodeProcess } from '../test/support/program.js';
import { LONG_MS } from './observation.js';

/** Somebody who looks at a node. */
export interface Onlooker {
  /** Resolves once they were told that so many transactions are in the pool. */
  sees(transactions: number): Promise<void>;
  leave(): Promise<void>;
}

/** The ways to look, or not to look, that this machine offers. */
export const LOOKS: ReadonlyMap<string, (node: NodeProcess) => Promise<Onlooker>> = new Map([
  ...(CHROMIUM === undefined ? [] : ([['page shown', showPage]] as const)),
  ['feed read', readFeed],
  ['nobody looks', async () => ({ sees: async () => {}, leave: async () => {} })],
]);

/** Reads the feed of a node to its end, as a page does. */
async function readFeed({ port }: NodeProcess): Promise<Onlooker> {
  const request = get(`http://localhost:${port}/events`);
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`the feed says ${response.statusCode}`);
  let inPool = 0;
  const lines = createInterface({ input: response, crlfDelay: Infinity });
  // If the feed breaks off, `sees` fails.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    if (line.startsWith('data:')) inPool = JSON.parse(line.slice(5)).pool?.transactions ?? inPool;
  });
  return {
    sees: (transactions) =>
      until('the feed to tell of all', () => inPool === transactions, LONG_MS),
    leave: async () => {
      request.destroy();
    },
  };
}

/** Shows the page of a node in a browser of its own. */
async function showPage({ port }: NodeProcess): Promise<Onlooker> {
  const { page } = await Visit.open(`http://localhost:${port}/`);
  await page.waitForSelector('body[data-connection=live]');
  const tellsOf = async (transactions: number) => {
    const shown = await page.textContent('#pool');
    return Number(shown?.replace(/\D/g, '')) === transactions;
  };
  return {
    sees: (transactions) => until('the page to tell of all', () => tellsOf(transactions), LONG_MS),
    leave: closeBrowser,
  };
}
