/** The node itself: its address and version, its uptime, its pool and its latest log lines. */

import { byId, element, replaceItems, setText } from './dom.js';
import { durationOf, numberOf, shortOf, timeOf } from './format.js';

/**
 * @typedef {{ address: string, version: string, uptimeMs: number }} Node
 * @typedef {{ transactions: number, bytes: number, maxBytes: number }} Pool
 * @typedef {{ at: number, event: string, detail: string }} LogLine
 */

/** Between two events, the clock of the browser counts the uptime on. */
export class NodeSection {
  #address = '';
  /** @type {number | undefined} */
  #startedMs;

  /** The address without its scheme; empty until it is known. */
  get name() {
    return shortOf(this.#address);
  }

  /** @param {Node} node */
  show({ address, version, uptimeMs }) {
    this.#address = address;
    this.#startedMs = performance.now() - uptimeMs;
    setText('address', shortOf(address));
    setText('command', `node add-transaction.js --address ${address}`);
    setText('version', `Version ${version}.`);
    this.showUptime();
  }

  showUptime() {
    if (this.#startedMs === undefined) return;
    setText('uptime', durationOf(performance.now() - this.#startedMs));
  }
}

/** @param {Pool} pool */
export function showPool({ transactions }) {
  setText('pool', numberOf(transactions));
}

/** @param {LogLine[]} lines the latest first */
export function showLog(lines) {
  const items = lines.map(({ at, event, detail }) =>
    element('li', element('time', timeOf(at)), element('span', `${event}: ${detail}`)),
  );
  replaceItems(byId('log'), items);
}
