/** Addresses of nodes: how they are read, when two of them are the same, which may be dialled. */

import { type LookupAddress, lookup } from 'node:dns';
import { lookup as lookupAll } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LIMITS } from '../limits.js';

/** From where a host can be reached: this machine, its own network, anywhere, or nowhere sensible. */
export type Scope = 'loopback' | 'private' | 'public' | 'reserved';

export interface Address {
  /** Spelt as it was learnt. */
  readonly text: string;
  /** The same for every spelling of one address: what addresses are compared by. */
  readonly key: string;
  readonly scope: Scope;
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
/** Where that leads is no question (RFC 6761, 6.3), and to put it takes longer than to connect. */
const LOCALHOST = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Reads an address: `ws:` or `wss:`, a host and a port, nothing else.
 *
 * @returns undefined for anything but that
 */
export function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== 'string' || text.length > LIMITS.addressCharacters) return undefined;
  // Checked before URL gets it, which would repair much of what is refused here.
  if (!/^wss?:\/\/[^\s/\\?#@%]+\/?$/i.test(text) || !/^[!-~]+$/.test(text)) return undefined;
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  if (port === '0') return undefined;
  const host = canonicalHost(hostname);
  const portOrDefault = port || (protocol === 'wss:' ? '443' : '80');
  return { text, key: `${protocol}//${host}:${portOrDefault}`, scope: scopeOf(host) };
}

/** Where the web page of the node at an address is: at `http:` for `ws:`, at `https:` for `wss:`. */
export function pageAddressOf(address: string): string {
  return new URL(address.replace(/^ws/i, 'http')).href;
}

/** Tells whether a host, as a socket or a URL spells it, is on this machine, for itself alone. */
export function isLoopback(host: string): boolean {
  return scopeOf(host) === 'loopback';
}

/**
 * Tells whether a node whose own address is of scope `own` may dial an address it learnt
 * from a peer: never towards a network more private than where it is known itself.
 */
export function isDiallable(own: Scope, learnt: Scope): boolean {
  if (learnt === 'reserved') return false;
  if (own === 'loopback') return learnt === 'loopback';
  if (own === 'private') return learnt !== 'loopback';
  return learnt === 'public';
}

/**
 * Tells from where an address of our own is reached. With a name, that is a private network if
 * it leads to one here, or to this machine; else, and if it leads nowhere, it is public.
 *
 * @param find looks a name up
 */
export async function scopeFromOutside(
  { key, scope }: Address,
  find = (name: string) => lookupAll(name, { all: true }),
): Promise<Scope> {
  const host = withoutBrackets(new URL(key).hostname);
  if (scope !== 'public' || isIP(host) !== 0) return scope;
  const found = await find(host).catch(() => []);
  return found.some(({ address }) => scopeOf(address) !== 'public') ? 'private' : 'public';
}

/**
 * Returns a `lookup` for sockets that finds only what a node of scope `own` may dial on a peer's
 * word: the owner of a name can have it lead to any address.
 */
export function lookupIn(own: Scope): LookupFunction {
  return (hostname, options, callback) => {
    const choose = (error: NodeJS.ErrnoException | null, found?: LookupAddress[]) => {
      const allowed = found?.filter(({ address }) => isDiallable(own, scopeOf(address))) ?? [];
      const [first] = allowed;
      if (first === undefined) callback(error ?? new Error('the name leads out of our reach'), '');
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    };
    if (hostname === 'localhost') process.nextTick(choose, null, LOCALHOST);
    else lookup(hostname, { ...options, all: true }, choose);
  };
}

/** One spelling for each host: `localhost` for this machine itself, IPv4 where IPv6 wraps it. */
function canonicalHost(hostname: string): string {
  const name = withoutBrackets(hostname.replace(/\.$/, ''));
  if (name === 'localhost') return 'localhost';
  const host = unmapIPv4(name);
  if (SELF.has(host)) return 'localhost';
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** IPv6 as it is outside of an address. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** `::ffff:7f00:1`, as URL spells an IPv4-mapped address, becomes `127.0.0.1`. */
function unmapIPv4(host: string): string {
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const high = Number.parseInt(mapped[1] as string, 16);
  const low = Number.parseInt(mapped[2] as string, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function scopeOf(host: string): Scope {
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
