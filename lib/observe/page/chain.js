/** The chain: its height and its latest blocks. */

import { opener } from './content.js';
import { byId, classed, element, replaceItems, setText } from './dom.js';
import { countOf, momentOf, numberOf, shortOf } from './format.js';

/**
 * `timestamp` is in milliseconds since 1970; `transactions` is the number of transactions.
 *
 * @typedef {{ height: number, hash: string, timestamp: number, transactions: number }} Block
 */

/**
 * `height` is that of the tip; `blocks` has the latest few, the tip first; `others` are the nodes at
 * another block of this height.
 *
 * @typedef {{ height: number, blocks: Block[], others: { address: string, hash: string }[] }} Chain
 */

/** Enough of a hash to tell blocks apart. */
const HASH_CHARACTERS = 12;

/** @param {Chain} chain */
export function showChain({ height, blocks, others }) {
  setText('height', numberOf(height));
  replaceItems(byId('blocks'), blocks.map(itemOf));
  byId('fork').hidden = others.length === 0;
  const [first] = others;
  if (first === undefined) return;
  const who = others.length === 1 ? `${shortOf(first.address)} is` : `${others.length} nodes are`;
  const which = `${numberOf(height)} (${first.hash.slice(0, HASH_CHARACTERS)}…)`;
  setText(
    'fork',
    `${who} at another block ${which}. Both have as much work: the next block decides.`,
  );
}

/** @param {Block} block */
function itemOf(block) {
  return element(
    'li',
    classed('span', 'height', `Block ${numberOf(block.height)}`),
    opener(
      'span',
      `${block.hash.slice(0, HASH_CHARACTERS)}…`,
      `Block ${numberOf(block.height)}`,
      `blocks/${block.height}`,
    ),
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
  return isGenesis(block) ? '' : momentOf(block.timestamp);
}

/** @param {Block} block */
function isGenesis({ height }) {
  return height === 0;
}
