/** The pools: how many transactions each node has, and which it lacks that another one has. */

import { button, place } from './controls.js';
import { byId, classed, element, setText } from './dom.js';
import { countOf } from './format.js';
import { addressesOf, nameOf, shortId } from './names.js';
import { isUp } from './state.js';

/** @import { LabNode, State } from './state.js' */

/** The lab asks all nodes for this, so it is asked only when the pools have been quiet for so long, */
const QUIET_MS = 1000;
/** and not more often than this. */
const ASK_INTERVAL_MS = 2000;

/** @typedef {Record<string, { lacks: number, ids: string[] }>} Lacks by the names of nodes */

export class Pools {
  /** @type {Map<string, PoolItem>} */
  #items = new Map();
  /** @type {Lacks} */
  #lacks = {};
  #sizes = '';
  #askedAt = -Infinity;
  /** @type {number | undefined} */
  #timer;
  #onFollow;

  /** @param {(id: string) => void} onFollow */
  constructor(onFollow) {
    this.#onFollow = onFollow;
    byId('compare').addEventListener('click', () => this.#ask());
  }

  /**
   * @param {State} state
   * @param {boolean} isLive what nodes lack is known of now alone
   */
  show(state, isLive) {
    const nodes = addressesOf(state).flatMap((address) => state.nodes.get(address) ?? []);
    const up = nodes.filter((node) => isUp(node) && node.pool !== undefined);
    const sizes = up.map(({ pool }) => pool ?? 0);
    const signature = JSON.stringify(up.map(({ name, pool }) => [name, pool]));
    const differ = new Set(sizes).size > 1;
    if (isLive && signature !== this.#sizes) {
      this.#sizes = signature;
      if (differ || this.#anyLacks) this.#askSoon();
      // In a flood they differ only until it is over, and each node would have to look all of it up.
      else clearTimeout(this.#timer);
    }
    /** @type {HTMLButtonElement} */ (byId('compare')).disabled = !isLive;
    setText('pools-words', wordsOf(sizes, differ));
    const most = Math.max(1, ...sizes);
    place(
      byId('pools'),
      up.map((node) => {
        const item = this.#items.get(node.address) ?? new PoolItem(this.#onFollow);
        this.#items.set(node.address, item);
        item.show(node, most, isLive ? this.#lacks[node.name] : undefined);
        return item.body;
      }),
    );
  }

  get #anyLacks() {
    return Object.values(this.#lacks).some(({ lacks }) => lacks > 0);
  }

  #askSoon() {
    clearTimeout(this.#timer);
    const wait = Math.max(QUIET_MS, this.#askedAt + ASK_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    clearTimeout(this.#timer);
    this.#askedAt = performance.now();
    try {
      const response = await fetch('lacks');
      this.#lacks = response.ok ? await response.json() : {};
    } catch {
      this.#lacks = {};
    }
    for (const item of this.#items.values()) item.tell(this.#lacks);
  }
}

/** The pool of one node. */
class PoolItem {
  #name = '';
  #title = element('strong');
  #size = element('span');
  #bar = element('meter');
  #all = classed('span', 'hint', '');
  #summary = element('summary');
  #ids = element('p');
  #details = element('details', this.#summary, this.#ids);
  #onFollow;
  #said = '';
  body = element('li', this.#title, this.#bar, this.#size, this.#all, this.#details);

  /** @param {(id: string) => void} onFollow */
  constructor(onFollow) {
    this.#onFollow = onFollow;
    this.#details.hidden = true;
  }

  /**
   * @param {LabNode} node
   * @param {number} most
   * @param {{ lacks: number, ids: string[] } | undefined} lack
   */
  show({ name, address, pool = 0 }, most, lack) {
    this.#name = name;
    const title = nameOf(address);
    if (this.#title.textContent !== title) this.#title.textContent = title;
    const size = String(pool);
    if (this.#size.textContent !== size) this.#size.textContent = size;
    this.#bar.max = most;
    this.#bar.value = pool;
    this.#bar.ariaLabel = `Pool of ${title}`;
    this.#showLack(lack);
  }

  /** @param {Lacks} lacks */
  tell(lacks) {
    this.#showLack(lacks[this.#name]);
  }

  /** @param {{ lacks: number, ids: string[] } | undefined} lack */
  #showLack(lack) {
    const said = JSON.stringify(lack ?? null);
    if (said === this.#said) return;
    this.#said = said;
    const { lacks = 0, ids = [] } = lack ?? {};
    this.#details.hidden = lacks === 0;
    this.#all.textContent = lack !== undefined && lacks === 0 ? 'lacks none' : '';
    this.#summary.textContent = `lacks ${lacks}`;
    const buttons = ids.map((id) => button(shortId(id), () => this.#onFollow(id), 'id'));
    this.#ids.replaceChildren(...buttons.flatMap((each) => [each, ' ']));
    if (lacks > ids.length) this.#ids.append(`and ${lacks - ids.length} more`);
  }
}

/**
 * @param {readonly number[]} sizes
 * @param {boolean} differ
 */
function wordsOf(sizes, differ) {
  const [first] = sizes;
  if (first === undefined) return 'No node has told its pool yet.';
  if (differ) return 'The pools differ: nodes that lack something find it by comparing.';
  return first === 0 ? 'All pools are empty.' : `All pools have ${countOf(first, 'transaction')}.`;
}
