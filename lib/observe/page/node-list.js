/** The list of all nodes: for keyboards and screen readers, which cannot use the drawing. */

import { byId, classed, element, replaceItems } from './dom.js';
import { compareAddresses, countOf, isInSwarm, shortOf, timeOf } from './format.js';
import { neighboursOf, pageOf } from './network-map.js';

/** @import { MappedNode, NetworkMap } from './network-map.js' */

/** The most links of a node that are named; of more, only the number is shown. */
const MAX_NAMED_LINKS = 6;
const STATES = {
  self: 'this node',
  connected: 'connected',
  dialling: 'dialling',
  lost: 'unreachable',
  reported: 'heard of',
  left: 'gone',
};

/**
 * Shows the node itself first, then the others by address.
 *
 * @param {NetworkMap} map
 */
export function showNodeList(map) {
  const neighbours = neighboursOf(map);
  const others = map.nodes.slice(1).sort((a, b) => compareAddresses(a.address, b.address));
  const items = [...map.nodes.slice(0, 1), ...others].map((node) =>
    itemOf(node, neighbours.get(node.address) ?? []),
  );
  replaceItems(byId('nodes'), items);
}

/**
 * @param {MappedNode} node
 * @param {string[]} neighbours
 */
function itemOf(node, neighbours) {
  const { address, state, isStranger = false, roundTripMs, leftAt } = node;
  const links = [...neighbours].sort(compareAddresses);
  const isHere = state === 'connected';
  const since = leftAt === undefined ? '' : `, left at ${timeOf(leftAt)}`;
  const way = isHere && isInSwarm(address) ? ' by the swarm' : '';
  const trip = isHere && roundTripMs !== undefined ? `, ${tripOf(roundTripMs)} there and back` : '';
  const what = `${isStranger && isHere ? 'stranger' : STATES[state]}${way}${trip}${since}`;
  const item = element('li', nameOf(node), ` ${what}`);
  item.append(element('br'), classed('span', 'links', `linked with ${textOf(links)}`));
  item.classList.toggle('stranger', isStranger);
  item.dataset.address = address;
  item.dataset.state = state;
  item.dataset.links = links.join(' ');
  return item;
}

/**
 * A link, if the node has a page.
 *
 * @param {MappedNode} node
 */
function nameOf(node) {
  const page = pageOf(node);
  if (page === undefined) return element('b', shortOf(node.address));
  const name = element('a', shortOf(node.address));
  name.href = page;
  return name;
}

/** @param {number} ms */
function tripOf(ms) {
  return ms < 1 ? '< 1 ms' : `${ms} ms`;
}

/** @param {string[]} links */
function textOf(links) {
  if (links.length === 0) return 'no other node';
  if (links.length > MAX_NAMED_LINKS) return countOf(links.length, 'node');
  return links.map(shortOf).join(', ');
}
