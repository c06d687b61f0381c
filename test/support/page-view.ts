/** What the page of a node shows: to whoever reads it, and in the drawing of its network. */

import type { Page } from 'playwright-core';
import { until } from './helpers.js';

export interface ShownNode {
  readonly address: string;
  readonly state: string;
  readonly links: readonly string[];
  /** Where its link leads; null where there is none. */
  readonly href: string | null;
  readonly isStranger: boolean;
  readonly text: string;
}

export interface ShownTransaction {
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly from: string;
  readonly delay: string;
}

export interface View {
  readonly connection: string;
  /** Empty while nothing is noticed. */
  readonly notice: string;
  readonly nodes: readonly ShownNode[];
  /** Of the drawing: the addresses, and the pairs of them that are joined, in order. */
  readonly drawn: { readonly nodes: readonly string[]; readonly links: readonly string[] };
  readonly transactions: readonly ShownTransaction[];
  readonly blocks: readonly string[];
  readonly log: readonly string[];
  readonly bars: number;
  readonly rateNow: string;
  readonly pool: string;
  readonly height: string;
  readonly peers: string;
}

// Texts, and no functions: what runs in the browser knows nothing of this file.
const READ = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const text = (selector, at = document) => at.querySelector(selector)?.textContent.trim() ?? '';
  const notice = document.getElementById('notice');
  const drawing = document.getElementById('graph')?._cyreg?.cy;
  return {
    connection: document.body.dataset.connection ?? '',
    notice: notice?.checkVisibility() ? notice.textContent.trim() : '',
    nodes: all('#nodes li').map((item) => ({
      address: item.dataset.address,
      state: item.dataset.state,
      links: item.dataset.links.split(' ').filter((link) => link !== ''),
      href: item.querySelector('a')?.href ?? null,
      isStranger: item.classList.contains('stranger'),
      text: item.textContent,
    })),
    drawn: {
      nodes: drawing?.nodes().map((node) => node.id()).sort() ?? [],
      links: drawing?.edges().map((edge) =>
        [edge.source().id(), edge.target().id()].sort().join(' ')).sort() ?? [],
    },
    transactions: all('#transactions tbody tr').map((row) => ({
      id: row.dataset.id, what: text('.opener', row), where: text('td.where', row),
      from: text('td.from', row), delay: text('td.delay', row),
    })),
    blocks: all('#blocks li').map((item) => item.textContent.trim()),
    log: all('#log li').map((item) => item.textContent.trim()),
    bars: all('#rate rect').length,
    rateNow: text('#rate-now'),
    pool: text('#pool'),
    height: text('#height'),
    peers: text('#peers'),
  };
})()`;

export function viewOf(page: Page): Promise<View> {
  return page.evaluate<View>(READ);
}

/** Waits until the page shows something; the failure tells what it shows. */
export async function untilShown(
  page: Page,
  what: string,
  condition: (view: View) => boolean,
  deadlineMs?: number,
): Promise<View> {
  let view = await viewOf(page);
  await until(
    () => `the page to show ${what}; it shows ${JSON.stringify(view)}`,
    async () => {
      view = await viewOf(page);
      return condition(view);
    },
    deadlineMs,
  );
  return view;
}

/** The page shows these nodes, each linked to all the others, in its list and in its drawing. */
export function showsMesh(view: View, addresses: readonly string[]): boolean {
  const sorted = (texts: readonly string[]) => [...texts].sort().join();
  const all = [...addresses].sort();
  const links = all.flatMap((address, place) =>
    all.slice(place + 1).map((other) => `${address} ${other}`),
  );
  return (
    sorted(view.nodes.map(({ address }) => address)) === all.join() &&
    view.nodes.every(
      (node) => sorted(node.links) === sorted(all.filter((a) => a !== node.address)),
    ) &&
    view.drawn.nodes.join() === all.join() &&
    view.drawn.links.join() === sorted(links)
  );
}

/** Where the page of a node is. */
export function pageOf({ port }: { readonly port: number }): string {
  return `http://localhost:${port}/`;
}

/** Where the node with this address is in the window, so that it can be clicked at. */
export function placeInDrawing(page: Page, address: string): Promise<{ x: number; y: number }> {
  return page.evaluate(`(() => {
    const graph = document.getElementById('graph');
    const { x, y } = graph._cyreg.cy.getElementById(${JSON.stringify(address)}).renderedPosition();
    const { left, top } = graph.getBoundingClientRect();
    return { x: left + x, y: top + y };
  })()`);
}
