/** What the drawing of the network shows of a state. Pure. */

import { addressesOf, minuteOf, nameOf, strangersOf } from './names.js';
import { isUp, pairKey } from './state.js';

/** @import { LinkState, NodeState } from '../entries.js' */
/** @import { LabNode, State } from './state.js' */

/** With more nodes than this, their labels are their names alone. */
export const FEW_NODES = 10;

/**
 * @typedef {object} NodeView
 * @property {string} address
 * @property {NodeState | 'stranger'} state
 * @property {string} name
 * @property {string} folder empty if there is no room for it
 * @property {string[]} facts
 */

/**
 * @typedef {object} LinkView
 * @property {string} between
 * @property {string} a
 * @property {string} b
 * @property {LinkState} state
 */

/**
 * @param {State} state
 * @returns {NodeView[]}
 */
export function nodeViews(state) {
  const addresses = addressesOf(state);
  const found = strangersOf(state);
  const isFew = addresses.length + found.length <= FEW_NODES;
  const ours = addresses.map((address) => {
    const node = /** @type {LabNode} */ (state.nodes.get(address));
    const facts = isFew ? factsOf(node) : [];
    return {
      address,
      state: node.state,
      name: nameOf(address),
      folder: isFew ? node.name : '',
      facts,
    };
  });
  const strangers = found.map((address) => {
    const facts = isFew ? ['stranger'] : [];
    return {
      address,
      state: /** @type {const} */ ('stranger'),
      name: nameOf(address),
      folder: '',
      facts,
    };
  });
  return [...ours, ...strangers];
}

/**
 * @param {LabNode} node
 * @returns {string[]}
 */
export function factsOf({ state, since, pool, tip }) {
  if (state === 'stopped') return [`left at ${minuteOf(since)}`];
  if (state === 'starting') return ['starting…'];
  const facts = [];
  if (state === 'frozen') facts.push('frozen');
  if (pool !== undefined) facts.push(`pool ${pool}`);
  if (tip !== undefined) facts.push(`block ${tip.height}`);
  return facts;
}

/**
 * The connections between nodes that are up, and the pairs whose link was disturbed.
 *
 * @param {State} state
 * @returns {LinkView[]}
 */
export function linkViews(state) {
  /** @type {Map<string, LinkView>} */
  const found = new Map();
  for (const { address, peers, ...node } of state.nodes.values()) {
    if (node.state !== 'running' && node.state !== 'frozen') continue;
    for (const peer of peers) {
      const other = state.nodes.get(peer);
      if (other !== undefined && !isUp(other)) continue;
      add(found, pairKey(address, peer), state.links.get(pairKey(address, peer)) ?? 'joined');
    }
  }
  for (const [between, how] of state.links) add(found, between, how);
  return [...found.values()];
}

/**
 * @param {Map<string, LinkView>} links
 * @param {string} between
 * @param {LinkState} state
 */
function add(links, between, state) {
  const [a = '', b = ''] = between.split(' ');
  links.set(between, { between, a, b, state });
}
