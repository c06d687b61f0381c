/** Addresses of nodes: how they are parsed, when two are the same, and which may be dialled. */

import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LIMITS } from '../limits.js';
import type { Found } from './lookups.js';

/**
 * From where a host can be reached: this machine, a private network, anywhere, not at all, or by the
 * members of a swarm.
 */
export type Scope = 'loopback' | 'private' | 'public' | 'reserved' | 'swarm';

export interface Address {
  /** As it was spelt. */
  readonly text: string;
  /** Equal for all spellings of one address. */
  readonly key: string;
  readonly scope: Scope;
  /** The host, if it is a name that has to be looked up. */
  readonly name: string | undefined;
}

const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128]);
const PRIVATE = blockList(
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
);
// Link-local and other addresses where clouds keep their metadata, multicast, unassigned, and the
// IPv6 ranges that carry an IPv4 address inside: nothing a peer may send us to.
const RESERVED = blockList(
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['2001::', 32],
  ['2002::', 16],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
);
const SELF = new Set(['127.0.0.1', '::1', '0.0.0.0', '::']);
// A key of 32 bytes in z-base-32: the last character has a single bit, so each key has one spelling.
const SWARM_HOST = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{51}[yo]\.dht$/;

/**
 * Parses an address: `ws:` or `wss:`, a host, and maybe a port; nothing else.
 *
 * @returns undefined for anything else
 */
export function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== 'string' || text.length > LIMITS.addressCharacters) return undefined;
  // Checked before it becomes a URL, which would repair much that is refused here.
  if (!/^wss?:\/\/[^\s/\\?#@%]+\/?$/i.test(text) || !/^[!-~]+$/.test(text)) return undefined;
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  if (port === '0') return undefined;
  const host = canonicalHost(hostname);
  // No name has an empty label but the root, which is no host.
  if (host.split('.').includes('')) return undefined;
  const isInSwarm = SWARM_HOST.test(host);
  // A key is no place, and has no ports.
  if (isInSwarm && (protocol !== 'ws:' || port !== '')) return undefined;
  const portOrDefault = port || (protocol === 'wss:' ? '443' : '80');
  const isName = host !== 'localhost' && isIP(withoutBrackets(host)) === 0 && !isInSwarm;
  return {
    text,
    key: `${protocol}//${host}:${portOrDefault}`,
    scope: isInSwarm ? 'swarm' : scopeOf(host),
    name: isName ? host : undefined,
  };
}

/** Whether the text of an address says to which port it leads. */
export function hasPort(text: string): boolean {
  return /:\d+\/?$/.test(text);
}

/** The address of a node's web page: `http:` for `ws:`, `https:` for `wss:`. */
export function pageAddressOf(address: string): string {
  return new URL(address.replace(/^ws/i, 'http')).href;
}

/** Whether a host, as a socket or a URL spells it, is loopback. */
export function isLoopback(host: string): boolean {
  return scopeOf(host) === 'loopback';
}

/**
 * Whether a node whose own address has the scope `own` may dial an address that it learnt from a
 * peer: never into a network more private than the one where the node itself is known. A node on
 * loopback dials loopback alone.
 */
export function isDiallable(own: Scope, learnt: Scope): boolean {
  if (learnt === 'reserved' || learnt === 'swarm') return false;
  if (own === 'loopback') return learnt === 'loopback';
  if (own === 'private') return learnt !== 'loopback';
  return learnt === 'public';
}

/**
 * Returns from where an address is reached whose host is a name. It is private if the name leads to
 * a private network or to this machine, and public otherwise, also if it leads nowhere.
 */
export function scopeOfName(found: Found): Scope {
  return found.some(({ address }) => scopeOf(address) !== 'public') ? 'private' : 'public';
}

/**
 * Returns a `lookup` for sockets.
 *
 * @param find finds all addresses of a name
 * @param mayLead whether a name may lead to an IP address
 */
export function lookupWith(
  find: (name: string) => Promise<Found>,
  mayLead: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, callback) => {
    const choose = (found: Found) => {
      const allowed = found.filter(({ address }) => mayLead(address));
      const [first] = allowed;
      if (first === undefined) callback(new Error('the name leads out of our reach'), '');
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    };
    find(hostname).then(choose, (error) => callback(error, ''));
  };
}

/** One spelling for each host: `localhost` for this machine, IPv4 for an IPv4-mapped address. */
function canonicalHost(hostname: string): string {
  const name = withoutBrackets(hostname.replace(/\.$/, ''));
  if (name === 'localhost') return 'localhost';
  const host = unmapIPv4(name);
  if (SELF.has(host)) return 'localhost';
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** An IPv6 address as it is written outside of a URL. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Turns `::ffff:7f00:1`, an IPv4-mapped address as URL spells it, into `127.0.0.1`. */
function unmapIPv4(host: string): string {
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const high = Number.parseInt(mapped[1] as string, 16);
  const low = Number.parseInt(mapped[2] as string, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The scope of a host, as a socket or a key spells it. */
export function scopeOf(host: string): Scope {
  if (host === 'localhost') return 'loopback';
  const ip = withoutBrackets(host);
  const version = isIP(ip);
  if (version === 0) return 'public';
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (LOOPBACK.check(ip, family)) return 'loopback';
  if (RESERVED.check(ip, family)) return 'reserved';
  return PRIVATE.check(ip, family) ? 'private' : 'public';
}

function blockList(...subnets: [network: string, prefix: number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) {
    list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
