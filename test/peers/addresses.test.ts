import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isDiallable,
  lookupWith,
  pageAddressOf,
  parseAddress,
  type Scope,
  scopeOfName,
} from '../../lib/peers/addresses.js';
import { checkProperty } from '../support/property.js';

test('spellings of one address have one key', () => {
  const spellings: Record<string, string[]> = {
    'ws://localhost:4001': [
      'ws://localhost:4001',
      'ws://localhost:4001/',
      'WS://LocalHost:4001',
      'ws://localhost.:4001',
      'ws://127.0.0.1:4001',
      'ws://127.1:4001',
      'ws://0x7f000001:4001',
      'ws://2130706433:4001',
      'ws://[::1]:4001',
      'ws://[0:0:0:0:0:0:0:1]:4001',
      'ws://[::ffff:127.0.0.1]:4001',
      'ws://0.0.0.0:4001',
      'ws://[::]:4001',
      'ws://localhost:04001',
    ],
    'ws://localhost:80': ['ws://localhost', 'ws://localhost:80'],
    'wss://example.org:443': ['wss://example.org', 'wss://EXAMPLE.org:443/'],
    'ws://127.0.0.2:4001': ['ws://127.0.0.2:4001', 'ws://[::ffff:7f00:2]:4001'],
    'ws://[2001:db8::1]:4001': ['ws://[2001:db8::1]:4001', 'ws://[2001:db8:0::0:1]:4001'],
  };
  for (const [key, texts] of Object.entries(spellings)) {
    for (const text of texts) assert.equal(parseAddress(text)?.key, key, text);
  }
});

test('what is not ws or wss with a host and a port alone is no address', () => {
  for (const text of [
    'http://localhost:4001',
    'file:///etc/passwd',
    'localhost:4001',
    'ws:localhost:4001',
    'ws://',
    'ws://:4001',
    'ws://.:4001',
    'ws://a..b:4001',
    'ws://a..:4001',
    'ws://localhost:0',
    'ws://localhost:70000',
    'ws://localhost:40a',
    'ws://user@localhost:4001',
    'ws://user:pass@localhost:4001',
    'ws://localhost:4001/path',
    'ws://localhost:4001//',
    'ws://localhost:4001?query',
    'ws://localhost:4001/#',
    'ws://localhost:4001\\',
    ' ws://localhost:4001',
    'ws://local host:4001',
    'ws://local\thost:4001',
    'ws://exämple.org:4001',
    'ws://ｌocalhost:4001',
    'ws://%6cocalhost:4001',
    'ws://[fe80::1%25eth0]:4001',
    'ws://999.1.1.1:4001',
    `ws://${'a'.repeat(10_000)}:4001`,
    '',
    undefined,
    null,
    4001,
    ['ws://localhost:4001'],
  ]) {
    assert.equal(parseAddress(text), undefined, String(text));
  }
});

test('no text makes parseAddress throw, and what it accepts is unchanged and reads as itself', (t) => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.string(),
  );
  const text = fc.oneof(
    fc.string(),
    fc.tuple(host, fc.integer()).map(([name, port]) => `ws://${name}:${port}`),
  );
  checkProperty(
    t,
    fc.property(text, (candidate) => {
      const address = parseAddress(candidate);
      if (address === undefined) return;
      assert.equal(address.text, candidate);
      assert.equal(parseAddress(address.key)?.key, address.key);
    }),
    2000,
  );
});

test('the page of a node is where its address is, over HTTP, without a port that goes unsaid', () => {
  const pages: Record<string, string> = {
    'ws://localhost:4001': 'http://localhost:4001/',
    'ws://localhost:4001/': 'http://localhost:4001/',
    'WS://LocalHost:4001': 'http://localhost:4001/',
    'wss://mesh.example:4001': 'https://mesh.example:4001/',
    'ws://[::1]:4001': 'http://[::1]:4001/',
    'wss://[fd00::1]:443': 'https://[fd00::1]/',
    'ws://example.org:80': 'http://example.org/',
    'wss://example.org:443': 'https://example.org/',
    'ws://example.org:443': 'http://example.org:443/',
    'wss://example.org:80': 'https://example.org:80/',
  };
  for (const [address, page] of Object.entries(pages)) assert.equal(pageAddressOf(address), page);
});

test('each host has its scope', () => {
  const scopes: Record<Scope, string[]> = {
    loopback: ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', '[::ffff:127.0.0.9]'],
    private: ['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '[fd00::1]'],
    public: ['example.org', '8.8.8.8', '172.32.0.1', '[2606:4700::1]', '[::ffff:8.8.8.8]'],
    reserved: [
      '169.254.169.254',
      '100.100.100.200',
      '168.63.129.16',
      '198.18.0.1',
      '[fd00:ec2::254]',
      '[fd20:ce::254]',
      '[fec0::1]',
      '[::ffff:0:a9fe:a9fe]',
      '[fe80::1]',
      '224.0.0.1',
      '255.255.255.255',
      '[64:ff9b::a00:1]',
    ],
    swarm: [],
  };
  for (const [scope, hosts] of Object.entries(scopes)) {
    for (const host of hosts) assert.equal(parseAddress(`ws://${host}:1`)?.scope, scope, host);
  }
});

test('an address in a swarm is a key in its one spelling, without a port and without TLS', () => {
  const key = `${'ybndrfg8ejkmcpqxot1uwisza345h769'.repeat(2).slice(0, 51)}o`;
  const address = parseAddress(`ws://${key}.dht`);
  assert.deepEqual([address?.scope, address?.name], ['swarm', undefined]);
  assert.equal(parseAddress(`WS://${key.toUpperCase()}.DHT/`)?.key, address?.key);
  for (const wrong of [`ws://${key}.dht:4001`, `wss://${key}.dht`]) {
    assert.equal(parseAddress(wrong), undefined, wrong);
  }
  // All else is a name as others are.
  for (const host of [`${key.slice(0, 51)}b`, key.slice(1), `y${key}`, `${key.slice(1)}l`, 'a']) {
    assert.equal(parseAddress(`ws://${host}.dht`)?.scope, 'public', host);
  }
});

test('a node dials no network more private than the one it is known in', () => {
  const may: Record<Scope, Scope[]> = {
    loopback: ['loopback'],
    private: ['private', 'public'],
    public: ['public'],
    reserved: ['public'],
    // Of its swarm, the address book knows.
    swarm: ['public'],
  };
  const all: Scope[] = ['loopback', 'private', 'public', 'reserved', 'swarm'];
  for (const own of all) {
    assert.deepEqual(
      all.filter((learnt) => isDiallable(own, learnt)),
      may[own],
    );
  }
});

test('a name leads only to those of its IP addresses to which it may', async () => {
  const found = [
    { address: '127.0.0.1', family: 4 },
    { address: 'fd00::1', family: 6 },
    { address: '8.8.8.8', family: 4 },
  ];
  const lookup = (all: boolean, mayLead: (address: string) => boolean) =>
    new Promise((done) => {
      lookupWith(() => Promise.resolve(found), mayLead)('some.example', { all }, (error, ...of) =>
        done(error?.message ?? of),
      );
    });
  assert.deepEqual(await lookup(true, (address) => address !== '127.0.0.1'), [found.slice(1)]);
  assert.deepEqual(await lookup(false, (address) => address !== '127.0.0.1'), ['fd00::1', 6]);
  const nowhere = 'the name leads out of our reach';
  for (const all of [true, false]) assert.equal(await lookup(all, () => false), nowhere);
});

test('our own name is private where it leads to a private network, or to this machine', () => {
  const cases: [found: string[], scope: Scope][] = [
    [['8.8.8.8'], 'public'],
    [['10.0.0.1'], 'private'],
    [['8.8.8.8', 'fd00::1'], 'private'],
    [['127.0.1.1'], 'private'],
    [[], 'public'],
  ];
  for (const [found, scope] of cases) {
    const addresses = found.map((address) => ({ address, family: 4 }));
    assert.equal(scopeOfName(addresses), scope, `${found}`);
  }
  const nameOf = (text: string) => parseAddress(text)?.name;
  assert.equal(nameOf('wss://Mesh.example.:1'), 'mesh.example');
  for (const text of ['ws://localhost:1', 'ws://10.0.0.1:1', 'ws://[2606:4700::1]:1']) {
    assert.equal(nameOf(text), undefined, text);
  }
});
