/** Which addresses a node keeps, and what it tells others of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import type { Entry } from '../../lib/peers/entry.js';
import { TokenBucket } from '../../lib/token-bucket.js';
import { at, bookWith, dialled, plenty, read } from '../support/address-books.js';

test('a node never enters its own address', () => {
  const addressBook = new AddressBook(at(4001));
  addressBook.addKnown(at(4001), 0);
  assert.equal(addressBook.hear(read('ws://127.0.0.1:4001'), plenty(), 0), false);
  assert.deepEqual(addressBook.due(Infinity), []);
});

test('an address is learnt once, however it is spelt, and only in scope', () => {
  const addressBook = new AddressBook(at(4001));
  assert.equal(addressBook.hear(read('ws://localhost:4002'), plenty(), 0), true);
  for (const text of ['ws://127.0.0.1:4002', 'ws://10.0.0.1:4003', 'ws://example.org:4003']) {
    assert.equal(addressBook.hear(read(text), plenty(), 0), false, text);
  }
  assert.deepEqual(
    addressBook.due(0).map(({ address }) => address.text),
    ['ws://localhost:4002'],
  );
});

test('one peer teaches as many addresses as it has tokens, all peers together a bounded number', () => {
  const addressBook = new AddressBook(at(4001));
  const few = new TokenBucket(3, 0);
  const all = Array.from({ length: 5000 }, (_, i) => `ws://localhost:${10_000 + i}`);
  assert.equal(all.filter((text) => addressBook.hear(read(text), few, 0)).length, 3);
  for (const text of all) addressBook.hear(read(text), plenty(), 0);
  assert.equal(addressBook.due(0).length, 1024);
});

test('another name of this node is never dialled again, of a peer not while that is connected', () => {
  const { addressBook, entry } = dialled();
  addressBook.foundOurself(entry);
  assert.ok(addressBook.isOwn(entry.address));
  addressBook.hear(entry.address, plenty(), 1e6);
  assert.deepEqual(addressBook.due(1e9), []);

  addressBook.addKnown(at(4003), 0);
  addressBook.hear(read('ws://localhost:4004'), plenty(), 0);
  const [peer, alias] = addressBook.due(0) as [Entry, Entry];
  for (const each of [peer, alias]) addressBook.dialling(each);
  addressBook.foundSame(alias, peer);
  assert.equal(addressBook.resolve(at(4004)), at(4003).key);
  addressBook.hear(read('ws://localhost:4004'), plenty(), 1e6);
  assert.deepEqual(addressBook.due(1e9), []);

  // The peer is reached at its own address: its other names now follow that one.
  addressBook.addKnown(at(4005), 2e6);
  const [home] = addressBook.due(2e6) as [Entry];
  addressBook.dialling(home);
  addressBook.foundSame(peer, home);
  for (const port of [4003, 4004]) assert.equal(addressBook.resolve(at(port)), at(4005).key);
  addressBook.lost(home, 20_000, 2e6, 0.5);
  assert.equal(addressBook.resolve(at(4004)), at(4004).key);
  assert.deepEqual(addressBook.due(3e6), [peer, home, alias]);
});

test('only learnt addresses that were reached are remembered', () => {
  const addressBook = new AddressBook(at(4001));
  addressBook.addKnown(at(4002), 0);
  addressBook.addRemembered(at(4005), 0);
  addressBook.hear(read('ws://localhost:4003'), plenty(), 0);
  addressBook.hear(read('ws://localhost:4004'), plenty(), 0);
  for (const entry of addressBook.due(0)) entry.isProven ||= entry.address.key === at(4003).key;
  assert.deepEqual(addressBook.worthRemembering(), ['ws://localhost:4005', 'ws://localhost:4003']);
});

test('other names of this node do not use up the room for learnt addresses', () => {
  const addressBook = new AddressBook(at(4001));
  for (let port = 10_000; port < 15_000; port++) {
    addressBook.hear(read(`ws://localhost:${port}`), plenty(), 0);
    const [entry] = addressBook.due(0);
    if (entry !== undefined) addressBook.foundOurself(entry);
  }
  assert.ok(addressBook.isOwn(at(14_999)));
  assert.equal(addressBook.hear(read('ws://localhost:4002'), plenty(), 0), true);
});

test('an address out of scope costs a peer no token', () => {
  const addressBook = new AddressBook(at(4001));
  const one = new TokenBucket(1, 0);
  assert.equal(addressBook.hear(read('ws://10.0.0.1:4002'), one, 0), false);
  assert.equal(addressBook.hear(read('ws://localhost:4002'), one, 0), true);
});

test('in a full address book, the address of a caller replaces one that was only heard of', () => {
  const addressBook = bookWith();
  for (let port = 10_000; port < 11_024; port++) addressBook.hear(at(port), plenty(), 0);
  const [reached] = addressBook.due(0);
  assert.ok(reached !== undefined);
  addressBook.dialling(reached);
  addressBook.reached(reached);
  assert.equal(addressBook.hear(at(5000), plenty(), 0), false);
  assert.equal(addressBook.hear(at(5000), plenty(), 0, true), true);
  assert.equal(addressBook.all().length, 1024);
  assert.ok(addressBook.all().includes(reached));
});

test('in a full address book, an address that was given up gives way to any other', () => {
  const addressBook = bookWith(5000);
  const [gone] = addressBook.due(0);
  assert.ok(gone !== undefined);
  for (let failures = 1; failures <= 5; failures++) addressBook.lost(gone, 0, 0, 0.5);
  for (let port = 10_000; port < 11_023; port++) addressBook.hear(at(port), plenty(), 0);
  assert.equal(addressBook.hear(gone.address, plenty(), 0), true);
  assert.equal(addressBook.hear(at(5001), plenty(), 0), true);
  assert.equal(addressBook.hear(at(5002), plenty(), 0), false);
  const texts = addressBook.all().map(({ address }) => address.text);
  assert.equal(texts.length, 1024);
  assert.ok(texts.includes(at(5001).text) && !texts.includes(gone.address.text));
});

test('a caller replaces another address only if its own may be learnt, and pays from its budget', () => {
  const addressBook = bookWith();
  for (let port = 10_000; port < 11_024; port++) addressBook.hear(at(port), plenty(), 0);
  const spent = new TokenBucket(0, 0);
  assert.equal(addressBook.hear(at(5000), spent, 0, true), false);
  assert.equal(addressBook.hear(read('ws://10.0.0.1:4002'), plenty(), 0, true), false);
  assert.equal(addressBook.all().length, 1024);
});

test('a newcomer is referred to a node that has failed once that is connected again', () => {
  const addressBook = bookWith(4002);
  const [entry] = addressBook.due(0);
  assert.ok(entry !== undefined);
  addressBook.dialling(entry);
  addressBook.reached(entry);
  addressBook.lost(entry, 60_000, 0, 0.5);
  assert.deepEqual(addressBook.some(2, Math.random), []);
  addressBook.dialling(entry);
  addressBook.reached(entry);
  assert.deepEqual(addressBook.some(2, Math.random), [at(4002)]);
});

test('a newcomer is referred to nodes that have not failed', () => {
  const addressBook = bookWith(4002, 4003, 4004);
  const [failing] = addressBook.due(0);
  assert.ok(failing !== undefined);
  addressBook.lost(failing, 0, 0, 0.5);
  const keys = addressBook.some(2, Math.random).map(({ key }) => key);
  assert.deepEqual(keys.sort(), [at(4003).key, at(4004).key]);
  assert.equal(addressBook.some(1, Math.random).length, 1);
});
