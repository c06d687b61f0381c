/** The transactions: their rate over the last minute, their counts, and the latest of them. */

import { opener } from './content.js';
import { byId, classed, element, replaceItems, setText } from './dom.js';
import { countOf, durationOf, numberOf, shortOf } from './format.js';

/**
 * `from` is null if a client sent it, or a plain peer: which one cannot be known. `delayMs` is null
 * if it has no time stamp, `block` while it is in the pool, and the others if it has none.
 *
 * @typedef {{ id: string | number, from: string | null, at: number, delayMs: number | null,
 *   block: number | null, fromAddress: string | number | null, toAddress: string | number | null,
 *   amount: string | number | null }} Arrival
 */

/**
 * `rate` has the accepted transactions of each of the last 60 seconds, the latest last; `minute` is
 * their number up to now; `latest` has the latest transaction first.
 *
 * @typedef {{ accepted: number, duplicate: number, rejected: number, relayed: number,
 *   rate: number[], minute: number, latest: Arrival[] }} Transactions
 */

const SVG = 'http://www.w3.org/2000/svg';
/** The size of the chart in its own units: one bar a second. */
const CHART = { width: 60, height: 20 };
/** If more rows than this are new at once, none lights up: the table would only flicker. */
const MAX_LIT_ROWS = 4;
const ROW_FLASH_MS = 1200;

export class TransactionsSection {
  #flashSender;
  #bars = createBars(byId('rate'));
  #shownRate = '';
  #hasShown = false;

  /** @param {(from: string | null) => void} flashSender called for each sender of new transactions */
  constructor(flashSender) {
    this.#flashSender = flashSender;
  }

  /** @param {Transactions} transactions */
  show({ accepted, duplicate, rejected, relayed, rate, minute, latest }) {
    this.#showRate(rate, minute);
    const counts = `${numberOf(accepted)} accepted, ${numberOf(duplicate)} already known, ${numberOf(rejected)} rejected`;
    setText('counts', `Since its start: ${counts}; relayed ${countOf(relayed, 'time')}.`);
    this.#showLatest(latest);
  }

  /**
   * @param {number[]} rate
   * @param {number} minute
   */
  #showRate(rate, minute) {
    const highest = Math.max(...rate);
    const second = rate.at(-1) ?? 0;
    setText(
      'rate-now',
      `${numberOf(second)} in the last second, ${numberOf(minute)} in the last minute`,
    );
    setText('rate-most', highest === 0 ? '' : `tallest bar: ${numberOf(highest)} per second`);
    if (this.#shownRate === rate.join()) return;
    this.#shownRate = rate.join();
    this.#bars.forEach((bar, place) => {
      const height = highest === 0 ? 0 : (CHART.height * (rate[place] ?? 0)) / highest;
      bar.setAttribute('y', String(CHART.height - height));
      bar.setAttribute('height', String(height));
    });
  }

  /** @param {Arrival[]} latest */
  #showLatest(latest) {
    byId('no-transactions').hidden = latest.length > 0;
    byId('transactions').hidden = latest.length === 0;
    const rows = latest.map(rowOf);
    const newRows = replaceItems(byId('latest'), rows);
    // What was there before the page was opened is not news.
    if (this.#hasShown) {
      const senders = new Set(newRows.map((row) => latest[rows.indexOf(row)]?.from ?? null));
      for (const from of senders) this.#flashSender(from);
      flashRows(newRows);
    }
    this.#hasShown = true;
  }
}

/** @param {Element} chart */
function createBars(chart) {
  return Array.from({ length: CHART.width }, (_, second) => {
    const bar = document.createElementNS(SVG, 'rect');
    bar.setAttribute('x', String(second + 0.1));
    bar.setAttribute('width', '0.8');
    chart.append(bar);
    return bar;
  });
}

/** @param {Arrival} arrival */
function rowOf({ id, from, delayMs, block, fromAddress, toAddress, amount }) {
  const isPayment = fromAddress !== null && toAddress !== null && amount !== null;
  const what = isPayment ? `${fromAddress} → ${toAddress}: ${amount}` : String(id);
  const row = element(
    'tr',
    opener('td', what, `Transaction ${id}`, `transactions/${encodeURIComponent(id)}`),
    classed('td', 'where', block === null ? 'pool' : `block ${numberOf(block)}`),
    classed('td', 'from', from === null ? 'no node' : shortOf(from)),
    classed('td', 'delay', delayMs === null ? 'unknown' : durationOf(delayMs)),
  );
  // A cell cuts off what does not fit.
  for (const cell of row.querySelectorAll('td')) cell.title = cell.textContent ?? '';
  row.dataset.id = String(id);
  return row;
}

/** @param {HTMLElement[]} rows */
function flashRows(rows) {
  if (rows.length > MAX_LIT_ROWS) return;
  for (const row of rows) row.animate([{ background: 'var(--new)' }, {}], ROW_FLASH_MS);
}
