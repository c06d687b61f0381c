/** What is said, and believed, of addresses on links by the swarm and on others. */

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import type { Connection, Peer } from '../../lib/peers/connection.js';
import { newConnection } from '../../lib/peers/connection.js';
import type { Identity } from '../../lib/peers/identity.js';
import { PeerExchange } from '../../lib/peers/peer-exchange.js';
import { Routes } from '../../lib/peers/routes.js';
import { leadsAlike, SwarmLinks } from '../../lib/peers/swarm-links.js';
import { type Swarm, SwarmSocket } from '../../lib/swarm/index.js';
import { plenty, read } from '../support/address-books.js';

const [OURS, THEIRS, THIRD] = ['a', 'b', 'c'].map((key) => `ws://${key.repeat(51)}o.dht`) as [
  string,
  string,
  string,
];
const PUBLIC = 'ws://example.org:4001';
const PRIVATE = 'ws://192.168.1.7:4001';
const LOOPBACK = 'ws://localhost:4002';
const IDENTITY: Identity = { meshId: '0'.repeat(32), wantsReceipts: false };
const MEMBER: Identity = { ...IDENTITY, isInSwarm: true };

/** The other end of a connection by the swarm that comes from an IP address. */
function far(remoteAddress: string): Pick<Connection, 'tcp'> {
  const socket = Object.create(SwarmSocket.prototype, { remoteAddress: { value: remoteAddress } });
  return { tcp: socket };
}

const NEAR: Pick<Connection, 'tcp'> = { tcp: undefined };

test('by the swarm, an address leads elsewhere unless both ends are in the network that it is in', () => {
  const [own] = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal }) => !internal);
  const callers = {
    '203.0.113.5': [true, false, false],
    '192.168.1.9': [true, true, false],
    '127.0.0.1': [true, false, true],
    ...(own && { [own.address]: [true, false, true] }),
  };
  for (const [ip, alike] of Object.entries(callers)) {
    const found = [PUBLIC, PRIVATE, LOOPBACK].map((text) => leadsAlike(read(text), far(ip)));
    assert.deepEqual(found, alike, ip);
    assert.ok(leadsAlike(read(THEIRS), far(ip)));
  }
  for (const text of [PUBLIC, PRIVATE, LOOPBACK]) assert.ok(leadsAlike(read(text), NEAR));
});

test('a node is told of those that it can reach, by the names that it can reach them by', () => {
  const links = new SwarmLinks({ address: OURS } as Swarm);
  const peerAt = (text: string, inSwarm?: string) =>
    ({
      address: read(text),
      identity: { ...MEMBER, ...(inSwarm && { inSwarm: read(inSwarm) }) },
    }) as Peer;
  const all = [peerAt(PRIVATE, THEIRS), peerAt(LOOPBACK), peerAt(PUBLIC), peerAt(THIRD, THIRD)];
  const peers = new Map(all.map((peer) => [peer.address.key, peer]));
  const texts = all.map(({ address }) => address.text);
  const told = (end: Pick<Connection, 'tcp'>, identity: Identity | undefined) =>
    links.namesFor({ ...end, identity }, LOOPBACK, texts, peers);

  assert.deepEqual(told(NEAR, undefined), [LOOPBACK, PRIVATE, LOOPBACK, PUBLIC]);
  assert.deepEqual(told(NEAR, IDENTITY), [LOOPBACK, PRIVATE, LOOPBACK, PUBLIC]);
  assert.deepEqual(told(NEAR, MEMBER), [LOOPBACK, ...texts]);
  assert.deepEqual(told(far('203.0.113.5'), MEMBER), [OURS, THEIRS, PUBLIC, THIRD]);
  assert.deepEqual(told(far('203.0.113.5'), undefined), [OURS, PUBLIC]);
});

test('nobody far away directs a node into its own network, nor onto its own machine', () => {
  for (const own of ['ws://localhost:4001', 'ws://192.168.1.5:4001']) {
    const addressBook = new AddressBook(read(own), false, 8, read(OURS));
    const routes = new Routes(new Map<string, Peer>(), new Set<Connection>(), addressBook);
    const budgets = { reading: plenty(), news: plenty() };
    const names = { own: read(own), namesFor: () => [own] };
    const exchange = new PeerExchange(
      names,
      addressBook,
      routes,
      () => budgets,
      () => {},
    );
    const stranger = { ...newConnection({} as never), ...far('203.0.113.5') };
    exchange.read([THEIRS, LOOPBACK, PRIVATE, 'ws://localhost:22', THIRD], stranger);
    const learnt = addressBook.all().map(({ address }) => address.text);
    assert.deepEqual(learnt, [THEIRS, THIRD], own);
    assert.deepEqual(
      stranger.neighbours?.map(({ text }) => text),
      [THIRD],
    );
  }
});
