/** The node itself: its address and version, its uptime, its pool and its latest log lines. */

import { byId, element, replaceItems, setText } from './dom.js';
import { countOf, durationOf, numberOf, shortOf, timeOf } from './format.js';

/**
 * @typedef {{ address: string, inSwarm?: string, version: string, uptimeMs: number }} Node
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
  show({ address, inSwarm, version, uptimeMs }) {
    this.#address = address;
    this.#startedMs = performance.now() - uptimeMs;
    setText('address', shortOf(address));
    setText('command', `node add-transaction.js --address ${address}`);
    const swarm = inSwarm === undefined ? '' : ` In its swarm it is ${inSwarm}.`;
    setText('version', `Version ${version}.${swarm}`);
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
  const older = countOf(transactions, 'older one');
  const isOne = transactions === 1;
  const none =
    transactions === 0
      ? 'None yet.'
      : `None since the node started; ${older} ${isOne ? 'is' : 'are'} in its pool.`;
  setText('none-came', none);
}

/** The events of dials: most lines, where nobody listens. */
const DIALS = ['dialling', 'unreachable'];
/** @type {LogLine[]} */
let latestLines = [];

/** @param {LogLine[]} lines the latest first */
export function showLog(lines) {
  latestLines = lines;
  const withDials = /** @type {HTMLInputElement} */ (byId('dials')).checked;
  const shown = withDials ? lines : lines.filter(({ event }) => !DIALS.includes(event));
  const items = shown.map(({ at, event, detail }) =>
    element('li', element('time', timeOf(at)), element('span', `${event}: ${detail}`)),
  );
  replaceItems(byId('log'), items);
}

byId('dials').addEventListener('change', () => showLog(latestLines));
