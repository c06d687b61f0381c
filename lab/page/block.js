/** The dialog that shows a block: its header, the tree over its transactions, and these. */

import { button } from './controls.js';
import { byId, classed, element, setText } from './dom.js';
import { countOf, momentOf } from './format.js';
import { indented, memberOf, partsOf } from './json-text.js';
import { canHash, merkleLevels, sha256 } from './merkle.js';
import { shortId } from './names.js';
import { isAfter } from './state.js';

/** @import { BlockEntry } from '../entries.js' */
/** @import { TreeNode } from './merkle.js' */
/** @import { State } from './state.js' */

/** 12 zero bits. */
const WORK = '000';
/** With more transactions, only the top levels of the tree are drawn. */
const MAX_DRAWN = 32;
const MAX_TOP = 16;
const BOX_REM = 3;
const MAX_LISTED = 200;

/**
 * @param {BlockEntry} block
 * @param {State} state
 * @param {(id: string) => void} onFollow
 */
export async function openBlock(block, state, onFollow) {
  setText('content-title', `Block ${block.height}`);
  const body = byId('content-body');
  body.replaceChildren(element('p', 'Asking a node…'));
  const dialog = /** @type {HTMLDialogElement} */ (byId('content'));
  if (!dialog.open) dialog.showModal();
  const json = await textOf(block, state);
  const parts = [await headerOf(block)];
  if (json === undefined) {
    parts.push(
      element('p', 'No running node has this block any more, so its transactions are not shown.'),
    );
  } else {
    const texts = partsOf(memberOf(json, 'transactions'));
    parts.push(await treeOf(block, texts), transactionsOf(texts, onFollow, dialog));
  }
  if (byId('content-title').textContent === `Block ${block.height}`) body.replaceChildren(...parts);
}

/**
 * The text of a block, from a node that has it.
 *
 * @param {BlockEntry} block
 * @param {State} state
 */
async function textOf(block, state) {
  const holders = [...state.nodes.values()].filter(
    (node) =>
      node.state === 'running' &&
      node.tip !== undefined &&
      isAfter(state, node.tip, block) !== false,
  );
  for (const { name } of holders.slice(0, 3)) {
    try {
      const response = await fetch(`nodes/${encodeURIComponent(name)}/blocks/${block.height}`);
      const text = await response.text();
      if (response.ok && JSON.parse(text).hash === block.hash) return text;
    } catch {
      // The next one may answer.
    }
  }
  return undefined;
}

/** @param {BlockEntry} block */
async function headerOf({ height, merkleRoot, nonce, previousHash, timestamp, hash }) {
  const text =
    `{"height":${height},"merkleRoot":"${merkleRoot}","nonce":${nonce},` +
    `"previousHash":"${previousHash}","timestamp":${timestamp}}`;
  const made = element(
    'section',
    element('h3', 'What is hashed'),
    element(
      'p',
      `Its header, as canonical JSON. It was made at ${momentOf(timestamp)}; the nonce was found by trying.`,
    ),
    element('pre', text),
    element('h3', 'Its SHA-256, which is the hash of the block'),
  );
  const zeros = classed('mark', '', hash.slice(0, WORK.length));
  made.append(element('p', element('code', zeros, hash.slice(WORK.length))));
  const isDone = hash.startsWith(WORK);
  made.append(
    verdict(
      isDone,
      isDone
        ? 'It begins with 12 zero bits: somebody worked for it.'
        : 'It lacks the 12 zero bits.',
    ),
  );
  if (canHash) {
    const isOwn = (await sha256(text)) === hash;
    made.append(
      verdict(
        isOwn,
        isOwn ? 'Your browser computed the same.' : 'Your browser computed another one.',
      ),
    );
  } else
    made.append(
      element('p', 'Your browser computes hashes only for a page at localhost or over https.'),
    );
  return made;
}

/**
 * @param {BlockEntry} block
 * @param {readonly string[]} texts of the transactions
 */
async function treeOf({ merkleRoot }, texts) {
  const made = element('section', element('h3', 'The Merkle tree over its transactions'));
  if (!canHash) {
    made.append(element('p', 'It is computed only for a page at localhost or over https.'));
    return made;
  }
  const levels = await merkleLevels(texts);
  const isSame = levels.at(-1)?.[0]?.hash === merkleRoot;
  const most = texts.length > MAX_DRAWN ? MAX_TOP : MAX_DRAWN;
  const drawn = levels.filter((level) => level.length <= most).reverse();
  const width = (drawn.at(-1)?.length ?? 1) * BOX_REM;
  const tree = element(
    'ol',
    ...drawn.map((level, at) => levelOf(level, at === levels.length - 1, width)),
  );
  tree.className = 'tree';
  tree.tabIndex = 0;
  tree.ariaLabel = 'The levels of the tree, from the root';
  made.append(
    verdict(
      isSame,
      isSame ? 'Its root is the merkleRoot of the header.' : 'Its root is not that of the header.',
    ),
    element('p', 'Each box is the hash of the two below it; at the bottom, of one transaction.'),
    tree,
  );
  const hidden = levels.length - drawn.length;
  if (hidden > 0)
    made.append(element('p', `${countOf(hidden, 'level')} below that are not drawn.`));
  return made;
}

/**
 * @param {readonly TreeNode[]} level
 * @param {boolean} isBottom
 * @param {number} width that all boxes of the lowest level need
 */
function levelOf(level, isBottom, width) {
  const boxes = level.map(({ hash, leaves }, place) => {
    const box = classed('code', '', hash.slice(0, 6));
    box.title = `${isBottom ? `transaction ${place + 1}: ` : ''}${hash}`;
    box.style.flexGrow = String(Math.max(1, leaves));
    return box;
  });
  const made = element('li', ...boxes);
  made.className = 'level';
  made.style.minWidth = `${width}rem`;
  return made;
}

/**
 * @param {readonly string[]} texts
 * @param {(id: string) => void} onFollow
 * @param {HTMLDialogElement} dialog
 */
function transactionsOf(texts, onFollow, dialog) {
  const items = texts.slice(0, MAX_LISTED).map((text, place) => {
    const { id } = JSON.parse(text);
    const item = element(
      'details',
      element('summary', `${place + 1}. ${shortId(id ?? 'without an id')}`),
    );
    item.append(element('pre', indented(text)));
    if (typeof id === 'string' || typeof id === 'number') {
      item.append(
        button('Follow', () => {
          dialog.close();
          onFollow(String(id));
        }),
      );
    }
    return item;
  });
  const made = element('section', element('h3', countOf(texts.length, 'transaction')), ...items);
  const more = texts.length - items.length;
  if (more > 0) made.append(element('p', `… and ${more} more.`));
  return made;
}

/**
 * @param {boolean} isGood
 * @param {string} text
 */
function verdict(isGood, text) {
  return classed('p', isGood ? 'good' : 'bad', `${isGood ? '✓' : '✗'} ${text}`);
}
