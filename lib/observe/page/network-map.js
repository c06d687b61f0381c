/** The network map that the node sends: its types, and how to read it. */

import { isInSwarm } from './format.js';

/**
 * `lost` is a node that will be dialled again, `reported` one that was only heard of. `left` is one
 * that this page alone remembers.
 *
 * @typedef {'self' | 'connected' | 'dialling' | 'lost' | 'reported' | 'left'} State
 */

/**
 * `isStranger` marks a plain peer: it did not identify itself as a node like this one. `roundTripMs`
 * is how long it took to answer a ping. `leftAt` is when a node that is away was last connected, in
 * ms since 1970.
 *
 * @typedef {{
 *   address: string,
 *   state: State,
 *   isStranger?: boolean,
 *   roundTripMs?: number,
 *   leftAt?: number,
 * }} MappedNode
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
  if (isStranger && state !== 'left') return 'stranger';
  return state === 'dialling' ? 'lost' : state;
}

/**
 * The URL of a node's page; undefined unless the node is known to have one.
 *
 * @param {MappedNode} node
 */
export function pageOf({ address, state, isStranger }) {
  // No browser finds its way through a swarm.
  if (state !== 'connected' || isStranger || isInSwarm(address)) return undefined;
  if (!/^wss?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address.replace(/^ws/i, 'http')).href;
}
