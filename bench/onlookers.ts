/** The ways to look at a node while it is measured. */

import { CHROMIUM, closeBrowser, Visit } from '../test/support/browser.js';
import { until } from '../test/support/helpers.js';
import type { NodeProcess } from '../test/support/program.js';
import { LONG_MS } from './observation.js';

/**
 * A browser or a page that has just been opened has much to do: that is not what it costs to look. The
 * nodes have as well, for they compare what the last run has brought.
 */
export const SETTLE_MS = 3000;

/** Somebody who looks at a node. */
export interface Onlooker {
  /** Resolves once they were told that so many transactions are in the pool. */
  sees(transactions: number): Promise<void>;
  leave(): Promise<void>;
}

/** The ways to look, or not to look, that this machine offers. */
export const LOOKS: ReadonlyMap<string, (node: NodeProcess) => Promise<Onlooker>> = new Map([
  ...(CHROMIUM === undefined ? [] : ([['page shown', showPage]] as const)),
  ['nobody looks', async () => ({ sees: async () => {}, leave: async () => {} })],
]);

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
