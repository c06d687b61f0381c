import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf, RateLimits } from '../../lib/guard/rate-limits.js';
import { LIMITS } from '../../lib/limits.js';
import type { Connection, Peer } from '../../lib/peers/connection.js';
import type { Routes } from '../../lib/peers/routes.js';

const from = (remoteAddress: string) => ({ tcp: { remoteAddress } }) as Connection;
const peer = { identity: {}, address: { key: 'ws://10.0.0.9:4001' } } as Peer;
const proven = from('10.0.0.1');
const plain = from('10.0.0.2');
const routes = {
  peerBehind: (connection: Connection) => {
    if (connection === proven) return peer;
    return connection === plain ? { ...peer, identity: undefined } : undefined;
  },
} as Routes;

test('one who has an address has all those near it', () => {
  const same = [
    ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'],
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['2001:db8:1:2::5', '2001:db8:1:2:ffff:1:2:3', '2001:db8:1:2:0:0:0:5'],
    ['fe80::1%eth0', 'fe80::2', 'fe80:0:0:0:1::'],
  ];
  const networks = same.map((ips) => {
    const [network, ...others] = [...new Set(ips.map((ip) => networkOf(ip)))];
    assert.deepEqual(others, [], ips.join(' '));
    return network;
  });
  assert.equal(new Set(networks).size, same.length);
  assert.notEqual(networkOf('10.0.0.1'), networkOf('10.0.0.2'));
  assert.notEqual(networkOf('2001:db8:1:2::5'), networkOf('2001:db8:1:3::5'));
});

test('another connection from the same source finds the budget as it was', () => {
  const rateLimits = new RateLimits(routes);
  assert.equal(rateLimits.of(from('10.0.0.1')), rateLimits.of(from('10.0.0.1')));
  assert.notEqual(rateLimits.of(from('10.0.0.1')), rateLimits.of(from('10.0.0.2')));
  const { news } = rateLimits.of(from('10.0.0.1'));
  const nowMs = performance.now();
  const taken = Array.from({ length: 1000 }, () => news.take(nowMs)).filter(Boolean).length;
  assert.equal(taken, LIMITS.learntAtOnce);
});

test('a peer that has proven to be there has a budget of its own, a plain one has not', () => {
  const rateLimits = new RateLimits(routes);
  assert.notEqual(rateLimits.of(proven), rateLimits.of(from('10.0.0.1')));
  assert.equal(rateLimits.of(plain), rateLimits.of(from('10.0.0.2')));
});

test('of more sources than are remembered, those that come back often are not forgotten', () => {
  const rateLimits = new RateLimits(routes);
  const [often, once] = [rateLimits.of(from('10.0.0.1')), rateLimits.of(from('10.0.0.3'))];
  for (let i = 0; i < LIMITS.rateLimitedSources; i++) {
    rateLimits.of(from(`10.1.${i >> 8}.${i & 255}`));
    assert.equal(rateLimits.of(from('10.0.0.1')), often);
  }
  assert.notEqual(rateLimits.of(from('10.0.0.3')), once);
});
