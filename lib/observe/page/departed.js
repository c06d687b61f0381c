/** The nodes that have left: the node forgets them after some dials, the page does not so soon. */

/** @import { MappedNode, NetworkMap } from './network-map.js' */

/** How long a node that has left stays on the page, and how many of them, the latest. */
const KEPT_MS = 600_000;
const KEPT_NODES = 20;

export class Departed {
  /** When each was last seen connected, and how it was shown then. @type {Map<string, { at: number, node: MappedNode }>} */
  #connected = new Map();

  /**
   * Adds to a map the nodes that have left, and to those in it that are not reached when they left.
   *
   * @param {NetworkMap} map
   * @param {number} now in ms since 1970
   * @returns {NetworkMap}
   */
  addTo(map, now) {
    for (const node of map.nodes) {
      if (node.state === 'connected') this.#connected.set(node.address, { at: now, node });
    }
    this.#forget(new Set(map.nodes.map(({ address }) => address)), now);
    const nodes = map.nodes.map((node) => {
      const seen = this.#connected.get(node.address);
      const isAway = node.state === 'lost' || node.state === 'dialling';
      return isAway && seen ? { ...node, leftAt: seen.at } : node;
    });
    const known = new Set(nodes.map(({ address }) => address));
    // Where not all nodes are shown, one that is not may be there.
    const departed = map.leftOut > 0 ? [] : [...this.#connected.values()];
    for (const { at, node } of departed) {
      if (!known.has(node.address)) nodes.push({ ...node, state: 'left', leftAt: at });
    }
    return { ...map, nodes };
  }

  /**
   * Forgets those that left long ago, or before many others.
   *
   * @param {Set<string>} shown addresses of nodes that have not left
   * @param {number} now
   */
  #forget(shown, now) {
    const away = [...this.#connected].filter(([address]) => !shown.has(address));
    away.sort(([, a], [, b]) => b.at - a.at);
    away.forEach(([address, { at }], place) => {
      if (place >= KEPT_NODES || now - at > KEPT_MS) this.#connected.delete(address);
    });
  }
}
