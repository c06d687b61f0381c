/** Addresses, numbers, durations and times, as a person reads them. */

/** An address in a swarm: its host is a key. */
const IN_SWARM = /^ws:\/\/[a-z\d]{52}\.dht\/?$/i;
/** So many characters tell the keys of a network apart. */
const KEY_CHARACTERS = 8;

/** @param {string} address */
export function shortOf(address) {
  const short = address.replace(/^wss?:\/\//i, '').replace(/\/$/, '');
  return isInSwarm(address) ? `${short.slice(0, KEY_CHARACTERS)}….dht` : short;
}

/** @param {string} address */
export function isInSwarm(address) {
  return IN_SWARM.test(address);
}

/**
 * @param {string} address
 * @returns {string} empty if the address is not a URL
 */
export function hostOf(address) {
  return URL.canParse(address) ? new URL(address).hostname : '';
}

/**
 * Compares numbers within addresses by value: port 999 comes before port 4001.
 *
 * @param {string} a
 * @param {string} b
 */
export function compareAddresses(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** @param {number} number */
export function numberOf(number) {
  return number.toLocaleString('en');
}

/**
 * @param {number} amount
 * @param {string} noun in the singular; its plural ends in s
 */
export function countOf(amount, noun) {
  return `${numberOf(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/**
 * A duration in its largest unit; seconds below ten have one decimal place. A duration is negative
 * if the clocks of two nodes disagree.
 *
 * @param {number} ms
 */
export function durationOf(ms) {
  const seconds = Math.abs(ms) / 1000;
  const sign = ms < 0 ? '−' : '';
  if (seconds < 1) return `${sign}${Math.round(1000 * seconds)} ms`;
  if (seconds < 60) return `${sign}${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${sign}${Math.floor(seconds / 3600)} h`;
  return `${sign}${numberOf(Math.floor(seconds / 86_400))} days`;
}

/**
 * The time of day, and the date if that is another one than today.
 *
 * @param {number} ms since 1970
 */
export function momentOf(ms) {
  const date = new Date(ms).toLocaleDateString('en-CA');
  const today = new Date().toLocaleDateString('en-CA');
  return date === today ? timeOf(ms) : `${date} ${timeOf(ms)}`;
}

/**
 * The time of day.
 *
 * @param {number} ms since 1970
 */
export function timeOf(ms) {
  return new Date(ms).toTimeString().slice(0, 8);
}
