/** The network map that the node sends: its types, and what can be read from it. */

/**
 * `lost` is a node that will be dialled again, `reported` one that only others have named.
 *
 * @typedef {'self' | 'connected' | 'dialling' | 'lost' | 'reported'} State
 */

/**
 * A stranger is a plain peer: it has not identified itself as a node like this one.
 *
 * @typedef {{ address: string, state: State, isStranger?: boolean }} MappedNode
 */

/**
 * The node itself is the first of `nodes`; `links` are pairs of places in `nodes`; `leftOut` is how
 * many more nodes there are.
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
 * For each address, the addresses that it is linked with.
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
 * The kind of a node, by which the legend and the drawing tell nodes apart: a class name.
 *
 * @param {MappedNode} node
 */
export function kindOf({ state, isStranger }) {
  if (isStranger) return 'stranger';
  return state === 'dialling' ? 'lost' : state;
}

/**
 * The URL of a node's page; undefined if it is not known to have one.
 *
 * @param {MappedNode} node
 */
export function pageOf({ address, state, isStranger }) {
  if (state !== 'connected' || isStranger) return undefined;
  if (!/^wss?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address.replace(/^ws/i, 'http')).href;
}
