/** The network map that the node sends: its types, and how to read it. */

/**
 * `lost` is a node that will be dialled again, `reported` one that was only heard of.
 *
 * @typedef {'self' | 'connected' | 'dialling' | 'lost' | 'reported'} State
 */

/**
 * `isStranger` marks a plain peer: it did not identify itself as a node like this one.
 *
 * @typedef {{ address: string, state: State, isStranger?: boolean }} MappedNode
 */

/**
 * The node itself is the first of `nodes`; `links` are pairs of indices in `nodes`; `leftOut` is
 * the number of further nodes.
 *
 * @typedef {{ nodes: MappedNode[], links: [number, number][], leftOut: number }} NetworkMap
 */

/**
 * The links as pairs of addresses.
 *
 * @param {NetworkMap} map
 * @returns {[string, string][]}
 */
export function linksOf({ nodes, links }) {
  const addressAt = (/** @type {number} */ place) =>
    /** @type {MappedNode} */ (nodes[place]).address;
  return links.map(([a, b]) => [addressAt(a), addressAt(b)]);
}

/**
 * The neighbours of each address.
 *
 * @param {NetworkMap} map
 */
export function neighboursOf(map) {
  const neighbours = new Map(
    map.nodes.map(({ address }) => [address, /** @type {string[]} */ ([])]),
  );
  for (const [a, b] of linksOf(map)) {
    neighbours.get(a)?.push(b);
    neighbours.get(b)?.push(a);
  }
  return neighbours;
}

/**
 * The kind of a node: a class name for the legend and the drawing.
 *
 * @param {MappedNode} node
 */
export function kindOf({ state, isStranger }) {
  if (isStranger) return 'stranger';
  return state === 'dialling' ? 'lost' : state;
}

/**
 * The URL of a node's page; undefined unless the node is known to have one.
 *
 * @param {MappedNode} node
 */
export function pageOf({ address, state, isStranger }) {
  if (state !== 'connected' || isStranger) return undefined;
  if (!/^wss?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address.replace(/^ws/i, 'http')).href;
}
