/** The drawing of the network: nodes on an ellipse, and the links between them. */

import { arrowBetween } from './arrow.js';
import { placesOnEllipse } from './ellipse.js';
import { groupOf } from './kinds.js';
import { FEW_NODES, linkViews, nodeViews } from './mesh-view.js';
import { pairKey } from './state.js';
import { Keyed, setAll, setContent, svg } from './svg.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { Place } from './ellipse.js' */
/** @import { LinkView, NodeView } from './mesh-view.js' */
/** @import { Size } from './size.js' */
/** @import { State } from './state.js' */

/** Closer to the top or the bottom than this, a label is above or below its node. */
const SIDEWAYS = { few: 0.45, many: 0.12 };
const LINE_PX = 15;
/** From this width on there is room for the folders of nodes. */
const WIDE_PX = 560;
const FLASH_MS = 450;
/** So many crosses would hide everything else. */
const MANY_CUT = 30;
/** Where a client stands: outside the ellipse, beside the label of its node. */
const CLIENT = { out: 34, along: 40 };

/**
 * @typedef {object} Marks
 * @property {readonly string[]} selected the address of a node, those of a pair, or none
 * @property {ReadonlySet<string> | undefined} having nodes with the transaction that is followed
 * @property {MessageEntry | undefined} current the message of this moment
 */

export class Mesh {
  #svg;
  #size;
  #links;
  #nodes;
  /** @type {Map<string, Place>} */
  #places = new Map();
  #radius = 10;
  #arrow = svg('path');
  #sideways = SIDEWAYS.few;
  #isWide = true;

  /**
   * @param {SVGSVGElement} drawing
   * @param {Size} size of it
   * @param {(addresses: string[]) => void} onSelect
   */
  constructor(drawing, size, onSelect) {
    this.#svg = drawing;
    this.#size = size;
    const [links, nodes] = [svg('g'), svg('g')];
    drawing.append(links, this.#arrow, nodes);
    this.#links = new Keyed(links);
    this.#nodes = new Keyed(nodes);
    drawing.addEventListener('click', ({ target }) => {
      const found = /** @type {Element} */ (target).closest('[data-address], [data-pair]');
      const { address, pair } = /** @type {SVGElement | null} */ (found)?.dataset ?? {};
      onSelect(address !== undefined ? [address] : (pair?.split(' ') ?? []));
    });
  }

  /**
   * Where a node is; a client stands beside the node that it talks to.
   *
   * @param {string | null} address
   * @param {string | null} other
   * @returns {{ x: number, y: number } | undefined}
   */
  placeOf(address, other) {
    if (address !== null) return this.#places.get(address);
    const beside = other === null ? undefined : this.#places.get(other);
    if (beside === undefined) return undefined;
    const { x, y, outX, outY } = beside;
    return {
      x: x + outX * CLIENT.out - outY * CLIENT.along,
      y: y + outY * CLIENT.out + outX * CLIENT.along,
    };
  }

  get radius() {
    return this.#radius;
  }

  /**
   * @param {State} state
   * @param {Marks} marks
   */
  show(state, marks) {
    const { width, height } = this.#size;
    if (width === 0) return;
    this.#isWide = width >= WIDE_PX;
    setAll(this.#svg, { viewBox: `0 0 ${width} ${height}` });
    const nodes = nodeViews(state);
    const isMany = nodes.length > FEW_NODES;
    this.#sideways = isMany ? SIDEWAYS.many : SIDEWAYS.few;
    this.#radius = isMany ? 7 : 11;
    const margins = isMany
      ? { marginX: 62, marginY: 38 }
      : { marginX: this.#isWide ? 125 : 92, marginY: 66 };
    const places = placesOnEllipse(nodes.length, { width, height, ...margins });
    this.#places = new Map(
      nodes.map((node, i) => [node.address, /** @type {Place} */ (places[i])]),
    );
    this.#svg.classList.toggle('many', isMany);
    const links = linkViews(state).filter(({ a, b }) => this.#places.has(a) && this.#places.has(b));
    const cut = links.filter(({ state }) => state === 'cut').length;
    this.#svg.classList.toggle('crowded', cut > MANY_CUT);
    this.#links.show(
      links,
      ({ between }) => between,
      newLink,
      (link, view) => this.#showLink(link, view, marks),
    );
    this.#nodes.show(
      nodes,
      ({ address }) => address,
      newNode,
      (node, view) => this.#showNode(node, view, marks),
    );
    const { current } = marks;
    const from = current && this.placeOf(current.from, current.to);
    const to = current && this.placeOf(current.to, current.from);
    const d = from && to ? arrowBetween(from, to, this.#radius + 2) : '';
    setAll(this.#arrow, { d, class: `arrow ${groupOf(current?.type ?? null)}` });
  }

  /**
   * Lights up the link between two nodes, for those who want nothing to move.
   *
   * @param {string} a
   * @param {string} b
   */
  flash(a, b) {
    const link = this.#links.get(pairKey(a, b));
    link?.classList.add('flash');
    setTimeout(() => link?.classList.remove('flash'), FLASH_MS);
  }

  /**
   * @param {SVGElement} group
   * @param {LinkView} view
   * @param {Marks} marks
   */
  #showLink(group, { between, a, b, state }, { selected }) {
    const [from, to] = [this.#places.get(a), this.#places.get(b)];
    const [line, wide, cross] = [...group.children];
    if (!from || !to || !line || !wide || !cross) return;
    const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    setAll(line, { ...ends, 'data-between': between, 'data-state': state });
    setAll(wide, ends);
    setAll(cross, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 + 5 });
    setContent(cross, state === 'cut' ? '✕' : '');
    group.classList.toggle('selected', selected.length === 2 && pairKey(a, b) === keyOf(selected));
  }

  /**
   * @param {SVGElement} group
   * @param {NodeView} view
   * @param {Marks} marks
   */
  #showNode(group, { address, state, name, folder, facts }, { selected, having }) {
    const place = this.#places.get(address);
    const [ring, disc, label] = [...group.children];
    if (!place || !ring || !disc || !label) return;
    const { x, y, outX, outY } = place;
    setAll(group, { 'data-state': state, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    group.classList.toggle('selected', selected.includes(address));
    group.classList.toggle('has', having?.has(address) === true);
    setAll(ring, { r: this.#radius + 5 });
    setAll(disc, { r: this.#radius });
    const away = this.#radius + 9;
    const isBeside = Math.abs(outX) > this.#sideways;
    setAll(label, { 'text-anchor': isBeside ? (outX > 0 ? 'start' : 'end') : 'middle' });
    const besideX = Math.max(Math.abs(outX) * away, this.#radius + 11);
    const texts = [this.#isWide && folder !== '' ? `${name} · ${folder}` : name, ...facts];
    // The lines stand beside the middle of the node, or all of them above or below it.
    const first = isBeside
      ? outY * away + 5 - ((texts.length - 1) * LINE_PX) / 2
      : outY > 0
        ? away + 10
        : -away - (texts.length - 1) * LINE_PX;
    while (label.children.length > texts.length) label.lastChild?.remove();
    for (const [i, text] of texts.entries()) {
      const line = label.children[i] ?? label.appendChild(svg('tspan'));
      setAll(line, { x: isBeside ? Math.sign(outX) * besideX : 0, y: first + i * LINE_PX });
      setContent(line, text);
    }
  }
}

/** @param {LinkView} view */
function newLink({ between }) {
  const group = svg('g', { 'data-pair': between, class: 'link' });
  group.append(svg('line', { class: 'line' }), svg('line', { class: 'wide' }), svg('text'));
  return group;
}

/** @param {NodeView} view */
function newNode({ address }) {
  const group = svg('g', { 'data-address': address, class: 'node' });
  group.append(svg('circle', { class: 'ring' }), svg('circle', { class: 'disc' }), svg('text'));
  return group;
}

/** @param {readonly string[]} pair */
function keyOf([a = '', b = '']) {
  return pairKey(a, b);
}
