/** The chain: its height and its latest blocks. */

import { byId, classed, element, replaceItems, setText } from './dom.js';
import { countOf, numberOf, timeOf } from './format.js';

/**
 * `timestamp` is in milliseconds since 1970; `transactions` is the number of transactions.
 *
 * @typedef {{ height: number, hash: string, timestamp: number, transactions: number }} Block
 */

/**
 * `height` is that of the tip; `blocks` has the latest few, the tip first.
 *
 * @typedef {{ height: number, blocks: Block[] }} Chain
 */

/** Enough of a hash to tell blocks apart. */
const HASH_CHARACTERS = 12;

/** @param {Chain} chain */
export function showChain({ height, blocks }) {
  setText('height', numberOf(height));
  replaceItems(byId('blocks'), blocks.map(itemOf));
}

/** @param {Block} block */
function itemOf(block) {
  return element(
    'li',
    classed('span', 'height', `Block ${numberOf(block.height)}`),
    classed('span', 'hash', `${block.hash.slice(0, HASH_CHARACTERS)}…`),
    classed('span', 'content', contentOf(block)),
    classed('span', 'when', whenOf(block)),
  );
}

/** @param {Block} block */
function contentOf(block) {
  return isGenesis(block) ? 'the genesis' : countOf(block.transactions, 'transaction');
}

/**
 * Empty for the genesis, because its timestamp is a constant.
 *
 * @param {Block} block
 */
function whenOf(block) {
  return isGenesis(block) ? '' : timeOf(block.timestamp);
}

/** @param {Block} block */
function isGenesis({ height }) {
  return height === 0;
}
