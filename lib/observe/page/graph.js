/** The drawing of the network, by cytoscape (https://js.cytoscape.org). */

import cytoscape from './cytoscape.mjs';
import { byId } from './dom.js';
import { compareAddresses } from './format.js';
import { graphStyle } from './graph-style.js';
import { Ruler } from './labels.js';
import { placeNodes } from './layout.js';
import { kindOf, linksOf, pageOf } from './network-map.js';

/** @import { NetworkMap } from './network-map.js' */

/** With more links than this, those between other nodes are faint. */
const MANY_LINKS = 60;
/** Longer than from one drawing to the next. */
const FLASH_MS = 800;
/** The elements above the drawing. It moves when the height of one of them changes. */
const ABOVE = ['notice', 'head', 'summary'];

export class Graph {
  #container;
  #cytoscape;
  #ruler = new Ruler();
  /** The address of this node. */
  #own = '';
  /** When each of the lit elements is to be dark again. @type {Map<string, number>} */
  #flashes = new Map();

  /** @param {HTMLElement} container */
  constructor(container) {
    this.#container = container;
    this.#cytoscape = cytoscape({
      container,
      style: graphStyle(),
      userZoomingEnabled: false,
      userPanningEnabled: false,
      boxSelectionEnabled: false,
      autoungrabify: true,
      autounselectify: true,
    });
    this.#followPointer();
    this.#followPage();
  }

  /** @param {NetworkMap} map */
  show(map) {
    this.#own = map.nodes[0]?.address ?? '';
    const elements = elementsOf(map);
    const wanted = new Set(elements.map(({ data }) => data.id));
    this.#cytoscape.batch(() => {
      this.#cytoscape
        .elements()
        .filter((element) => !wanted.has(element.id()))
        .remove();
      for (const element of elements) {
        const shown = this.#cytoscape.getElementById(element.data.id);
        if (shown.empty()) this.#cytoscape.add(element);
        else {
          const isLit = shown.hasClass('busy');
          shown.classes(element.classes).data(element.data).toggleClass('busy', isLit);
        }
      }
    });
    this.#place();
  }

  /**
   * Lights up the link over which a transaction arrived.
   *
   * @param {string | null} from the address of the peer; null if it is no peer: lights up this node
   */
  flash(from) {
    const id = from === null ? this.#own : idOfLink(from, this.#own);
    const lit = this.#cytoscape.getElementById(id).addClass('busy');
    // A flash that comes before the last one is over goes on with it: under load it stays lit.
    clearTimeout(this.#flashes.get(id));
    this.#flashes.set(
      id,
      setTimeout(() => lit.removeClass('busy'), FLASH_MS),
    );
  }

  #place() {
    const nodes = this.#cytoscape.nodes().sort((a, b) => compareAddresses(a.id(), b.id()));
    const addresses = nodes.map((node) => node.id());
    const size = { width: this.#cytoscape.width(), height: this.#cytoscape.height() };
    const placements = placeNodes(addresses, this.#own, size, this.#ruler);
    this.#cytoscape.batch(() => {
      placements.forEach(({ position, data }, place) => {
        nodes[place]?.position(position).data(data);
      });
    });
  }

  /** Makes a click on a node open its page, if it has one. */
  #followPointer() {
    const { style } = this.#container;
    this.#cytoscape.on('tap', 'node', ({ target }) => {
      const page = target.data('page');
      if (page) location.assign(page);
    });
    this.#cytoscape.on('mouseover', 'node', ({ target }) => {
      style.cursor = target.data('page') ? 'pointer' : '';
    });
    this.#cytoscape.on('mouseout', 'node', () => {
      style.cursor = '';
    });
  }

  /** Follows changes in the size and the colours of the page. */
  #followPage() {
    this.#cytoscape.on('resize', () => this.#place());
    // Cytoscape notices when the drawing changes its size, but not when it moves.
    const observer = new ResizeObserver(() => this.#cytoscape.resize());
    for (const id of ABOVE) observer.observe(byId(id));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#cytoscape.style(graphStyle());
    });
  }
}

/** @param {NetworkMap} map */
function elementsOf(map) {
  const own = map.nodes[0]?.address ?? '';
  const areMany = map.links.length > MANY_LINKS;
  const width = areMany ? 1.5 : 3;
  const others = areMany ? 'faint' : '';
  return [
    ...map.nodes.map((node) => ({
      group: /** @type {const} */ ('nodes'),
      data: { id: node.address, page: pageOf(node) },
      classes: kindOf(node),
    })),
    ...linksOf(map).map(([source, target]) => ({
      group: /** @type {const} */ ('edges'),
      data: { id: idOfLink(source, target), source, target, width },
      classes: [source, target].includes(own) ? 'own' : others,
    })),
  ];
}

/**
 * The same in both directions. It never is the id of a node, because addresses have no spaces.
 *
 * @param {string} a
 * @param {string} b
 */
function idOfLink(a, b) {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
