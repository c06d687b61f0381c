/**
 * The page of a node. It shows the status that arrives over the event stream, and changes nothing.
 *
 * An unknown peer may have written any text in the status: it is shown as text, never as HTML.
 */

import { showChain } from './chain.js';
import { Connection } from './connection.js';
import { byId } from './dom.js';
import { Graph } from './graph.js';
import { showNetwork } from './network.js';
import { NodeSection, showLog, showPool } from './node.js';
import { stillForMs } from './pointer.js';
import { TransactionsSection } from './transactions.js';

/** @import { Chain } from './chain.js' */
/** @import { NetworkMap } from './network-map.js' */
/** @import { LogLine, Node, Pool } from './node.js' */
/** @import { Transactions } from './transactions.js' */

/**
 * The status of a node. The first event has all sections, later ones those that have changed.
 *
 * @typedef {{ node?: Node, network?: NetworkMap, transactions?: Transactions, pool?: Pool,
 *   chain?: Chain, log?: LogLine[] }} Status
 */

/** Under load, drawing every event would cost the browser more than the node spends on its work. */
const REDRAW_MS = 500;
const UPTIME_MS = 1000;

/** What scrolls by itself: it must be reached by the keyboard. */
for (const id of ['log', 'nodes', 'content-text']) byId(id).tabIndex = 0;

const graph = new Graph(byId('graph'));
const nodeSection = new NodeSection();
const transactionsSection = new TransactionsSection((from) => graph.flash(from));
const showSoon = atMostEvery(REDRAW_MS, showStatus);
const connection = new Connection(
  (json) => showSoon(JSON.parse(json)),
  () => nodeSection.name,
);

setInterval(() => {
  if (!connection.isLost) nodeSection.showUptime();
}, UPTIME_MS);
connection.start();

/** @param {Status} status */
function showStatus({ node, network, transactions, pool, chain, log }) {
  if (node) nodeSection.show(node);
  if (network) showNetwork(network, graph);
  if (transactions) transactionsSection.show(transactions);
  if (pool) showPool(pool);
  if (chain) showChain(chain);
  if (log) showLog(log);
}

/**
 * Limits how often a status is shown, and puts it off while the page has to keep still. Sections that
 * arrive in between are merged.
 *
 * @param {number} intervalMs
 * @param {(status: Status) => void} show
 * @returns {(status: Status) => void}
 */
function atMostEvery(intervalMs, show) {
  /** @type {Status} */
  let pending = {};
  let shownMs = -Infinity;

  function flush() {
    const wait = stillForMs();
    if (wait > 0) {
      setTimeout(flush, wait);
      return;
    }
    const status = pending;
    pending = {};
    shownMs = performance.now();
    show(status);
  }

  return (status) => {
    const isScheduled = Object.keys(pending).length > 0;
    pending = { ...pending, ...status };
    if (!isScheduled) setTimeout(flush, shownMs + intervalMs - performance.now());
  };
}
