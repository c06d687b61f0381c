/** The drawing of the chain: a row of blocks for each branch, from left to right. */

import { branchesOf, branchWords } from './branches.js';
import { button } from './controls.js';
import { byId, classed, element, setText } from './dom.js';
import { countOf, timeOf } from './format.js';
import { fewNamesOf, nameOf, namesOf } from './names.js';
import { Size } from './size.js';
import { setAll, svg } from './svg.js';

/** @import { BlockEntry } from '../entries.js' */
/** @import { Branch } from './branches.js' */
/** @import { State } from './state.js' */

const COLUMN_PX = 78;
const ROW_PX = 62;
const BOX_PX = { width: 58, height: 40 };
/** For the names of the nodes to the right of a branch. */
const NAMES_PX = 130;
const MAX_HEIGHTS = 12;
/** On a narrow screen these do not fit, and the row can be moved. */
const MIN_HEIGHTS = 4;
const MAX_ROWS = 5;
/** Around the boxes, for the outline of one that has the focus. */
const EDGE_PX = 4;

export class Chain {
  #parent = byId('chain');
  #signature = '';
  #size;
  #onOpen;

  /**
   * @param {(block: BlockEntry) => void} onOpen
   * @param {() => void} onResize
   */
  constructor(onOpen, onResize) {
    this.#onOpen = onOpen;
    this.#size = new Size(this.#parent, onResize);
  }

  /** @param {State} state */
  show(state) {
    // One column is for block 0, which is always there.
    const columns = Math.floor((this.#size.width - NAMES_PX) / COLUMN_PX) - 1;
    const heights = Math.max(MIN_HEIGHTS, Math.min(MAX_HEIGHTS, columns));
    const found = branchesOf(state, heights);
    setText('chain-words', branchWords(found, state));
    showMoves(state);
    const branches = found.branches.slice(0, MAX_ROWS);
    const signature = JSON.stringify([
      heights,
      branches.map(({ blocks }) => blocks.map(({ hash }) => [hash, found.tips.get(hash)])),
    ]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#draw(state, branches, found.tips, heights);
  }

  /**
   * @param {State} state
   * @param {readonly Branch[]} branches
   * @param {ReadonlyMap<string, string[]>} tips
   * @param {number} heights
   */
  #draw(state, branches, tips, heights) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.hash;
    const highest = branches[0]?.height ?? 0;
    const lowest = Math.max(0, highest - heights + 1);
    const left = lowest > 0 ? 1 : 0;
    const drawing = svg('svg', { 'aria-hidden': 'true' });
    /** @type {Map<string, { x: number, y: number }>} */
    const places = new Map();
    /** @type {HTMLElement[]} */
    const boxes = [];
    const genesis = [...state.blocks.values()].find(({ height }) => height === 0);
    if (left === 1 && genesis) {
      places.set(genesis.hash, { x: 0, y: 0 });
      boxes.push(this.#box(genesis, { x: 0, y: 0 }, [], true));
    }
    const hasGap = lowest > 1;
    for (const [row, { blocks }] of branches.entries()) {
      for (const block of blocks) {
        const place = { x: (block.height - lowest + left) * COLUMN_PX, y: row * ROW_PX };
        const before = places.get(block.previousHash);
        if (before) drawing.append(newLine(before, place, false));
        else if (genesis && hasGap && block.height > 0)
          drawing.append(newLine({ x: 0, y: 0 }, place, true));
        places.set(block.hash, place);
        const isHeld = branches[row]?.blocks.some(({ hash }) => tips.has(hash)) === true;
        const at = tips.get(block.hash) ?? [];
        boxes.push(this.#box(block, place, at, isHeld || row === 0));
        if (at.length > 0 && block !== blocks.at(-1)) boxes.push(namesBelow(place, at));
      }
      const end = blocks.at(-1);
      const at = end && places.get(end.hash);
      if (at) boxes.push(namesAt(at, tips.get(end.hash) ?? []));
    }
    const width = (Math.min(heights, highest - lowest + 1) + left) * COLUMN_PX;
    setAll(drawing, { width, height: branches.length * ROW_PX });
    this.#parent.style.height = `${branches.length * ROW_PX + EDGE_PX}px`;
    this.#parent.replaceChildren(drawing, ...boxes);
    this.#parent.scrollLeft = this.#parent.scrollWidth;
    if (focused === undefined) return;
    const again = boxes.find(({ dataset }) => dataset.hash === focused);
    again?.focus({ preventScroll: true });
  }

  /**
   * @param {BlockEntry} block
   * @param {{ x: number, y: number }} place
   * @param {readonly string[]} nodes whose latest block it is
   * @param {boolean} isHeld
   */
  #box(block, { x, y }, nodes, isHeld) {
    const { height, hash, transactions } = block;
    const box = button('', () => this.#onOpen(block), 'block');
    box.append(
      classed('span', 'unseen', 'Block '),
      classed('strong', '', String(height)),
      ' ',
      classed('span', 'start', hash.slice(0, 6)),
    );
    box.dataset.hash = hash;
    box.classList.toggle('abandoned', !isHeld);
    box.classList.toggle('tip', nodes.length > 0);
    const who = nodes.length > 0 ? `, the latest of ${namesOf(nodes)}` : '';
    const fate = isHeld ? '' : ', given up';
    box.append(classed('span', 'unseen', `, ${countOf(transactions, 'transaction')}${who}${fate}`));
    box.title = `${countOf(transactions, 'transaction')}${who}${fate}`;
    box.style.left = `${x + EDGE_PX}px`;
    box.style.top = `${y + EDGE_PX}px`;
    return box;
  }
}

/**
 * @param {{ x: number, y: number }} place of the block
 * @param {readonly string[]} nodes
 */
function namesAt({ x, y }, nodes) {
  const text = nodes.length === 0 ? 'given up' : `◂ ${fewNamesOf(nodes, 4)}`;
  const names = classed('span', nodes.length === 0 ? 'names none' : 'names', text);
  names.title = namesOf(nodes);
  names.style.left = `${x + BOX_PX.width + EDGE_PX + 8}px`;
  names.style.top = `${y + EDGE_PX}px`;
  return names;
}

/**
 * For nodes that do not have the rest of the branch.
 *
 * @param {{ x: number, y: number }} place of the block
 * @param {readonly string[]} nodes
 */
function namesBelow({ x, y }, nodes) {
  const names = classed('span', 'names below', `▴ ${fewNamesOf(nodes, 1)}`);
  names.title = namesOf(nodes);
  names.style.left = `${x + EDGE_PX}px`;
  names.style.top = `${y + BOX_PX.height + EDGE_PX}px`;
  return names;
}

/**
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 * @param {boolean} isGap
 */
function newLine(from, to, isGap) {
  const middle = BOX_PX.height / 2;
  const [x1, y1, x2, y2] = [from.x + BOX_PX.width, from.y + middle, to.x, to.y + middle];
  const bend = x2 - (COLUMN_PX - BOX_PX.width) / 2;
  return svg('path', { d: `M${x1} ${y1}H${bend}V${y2}H${x2}`, class: isGap ? 'gap' : '' });
}

/** @param {State} state */
function showMoves({ moves }) {
  const texts = moves.map(({ at, address, height, isLonger }) => {
    const to = isLonger ? 'the longer branch' : 'another branch';
    return `${nameOf(address)} went over to ${to}, up to block ${height}, at ${timeOf(at)}.`;
  });
  const list = byId('moves');
  if (list.dataset.said === texts.join()) return;
  list.dataset.said = texts.join();
  list.replaceChildren(...texts.map((text) => element('li', text)));
}
