/** What nodes are called, and when something was. */

import { compareAddresses, hostOf, shortOf, timeOf } from './format.js';

/** @import { State } from './state.js' */

/** Of an address, which a stranger may make long. */
const MAX_NAME = 28;
const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/;

/**
 * The port alone for a node on this machine; of any other one its host too.
 *
 * @param {string | null} address
 */
export function nameOf(address) {
  if (address === null) return 'a client';
  const short = shortOf(address);
  const port = /:(\d+)$/.exec(short)?.[1];
  if (port !== undefined && LOCAL.test(hostOf(address))) return port;
  return short.length > MAX_NAME ? `${short.slice(0, MAX_NAME)}…` : short;
}

/** @param {Iterable<string>} addresses */
export function namesOf(addresses) {
  return [...addresses].sort(compareAddresses).map(nameOf).join(', ');
}

/**
 * Some names, and how many there are if they are too many to read.
 *
 * @param {readonly string[]} addresses
 * @param {number} most
 */
export function fewNamesOf(addresses, most) {
  if (addresses.length <= most) return namesOf(addresses);
  return `${addresses.length} nodes`;
}

/**
 * The addresses that are no node of the lab, while some node has them among its peers.
 *
 * @param {State} state
 */
export function strangersOf({ nodes }) {
  const found = new Set([...nodes.values()].flatMap(({ peers }) => peers));
  return [...found].filter((address) => !nodes.has(address)).sort(compareAddresses);
}

/** @param {State} state */
export function addressesOf({ nodes }) {
  return [...nodes.keys()].sort(compareAddresses);
}

/**
 * A moment of the day, to the millisecond.
 *
 * @param {number} ms since 1970
 */
export function exactTimeOf(ms) {
  const parts = Math.floor(ms) % 1000;
  return `${timeOf(ms)}.${String(parts).padStart(3, '0')}`;
}

/** @param {number} ms since 1970 */
export function minuteOf(ms) {
  return timeOf(ms).slice(0, 5);
}

/** @param {string | number} id */
export function shortId(id) {
  const text = String(id);
  return text.length > 12 ? `${text.slice(0, 10)}…` : text;
}
