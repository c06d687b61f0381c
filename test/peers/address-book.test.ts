import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import { type Address, parseAddress } from '../../lib/peers/addresses.js';
import type { Entry } from '../../lib/peers/entry.js';
import { TokenBucket } from '../../lib/token-bucket.js';

const read = (text: string) => parseAddress(text) as Address;
const at = (port: number) => read(`ws://localhost:${port}`);
const plenty = () => new TokenBucket(1e6, 0);

/** The address book of a node on 4001 that has heard of one address, and its entry, being dialled. */
function dialled(isKnown = false): { addressBook: AddressBook; entry: Entry } {
  const addressBook = new AddressBook(at(4001));
  if (isKnown) addressBook.addKnown(at(4002), 0);
  else addressBook.hear(read('ws://localhost:4002'), plenty(), 0);
  const [entry] = addressBook.due(0);
  assert.ok(entry !== undefined);
  addressBook.dialling(entry);
  return { addressBook, entry };
}

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

test('a learnt address is given up after five failures in a row, a known one never', () => {
  for (const isKnown of [false, true]) {
    const { addressBook, entry } = dialled(isKnown);
    const waits = [1, 2, 3, 4, 5, 6].map(() => addressBook.lost(entry, 0, 0, 0.5));
    assert.deepEqual(waits.slice(0, 4), [1000, 2000, 4000, 8000]);
    assert.equal(waits[4], isKnown ? 16_000 : undefined);
    assert.equal(addressBook.due(Infinity).length, isKnown ? 1 : 0);
  }
});

test('only a connection that was stable sets the backoff back', () => {
  const { addressBook, entry } = dialled(true);
  for (const [upMs, waitMs] of [
    [0, 1000],
    [14_999, 2000],
    [10, 4000],
    [15_000, 1000],
    [0, 2000],
  ] as const) {
    assert.equal(addressBook.lost(entry, upMs, 0, 0.5), waitMs);
  }
});

test('news of an address that comes to nothing cuts its wait short less and less often', () => {
  const { addressBook, entry } = dialled(true);
  let hurried: number[] = [];
  let nowMs = 0;
  /** Whoever is heard of all the time, and lost again as soon as it is reached. */
  const flapFor = (durationMs: number) => {
    hurried = [];
    for (const endMs = nowMs + durationMs; nowMs < endMs; nowMs += 10) {
      addressBook.hear(entry.address, plenty(), nowMs);
      if (entry.dueMs > nowMs) continue;
      hurried.push(nowMs);
      addressBook.dialling(entry);
      addressBook.lost(entry, 0, nowMs, 0.5);
    }
  };
  for (let i = 0; i < 9; i++) addressBook.lost(entry, 0, 0, 0.5);
  flapFor(120_000);
  assert.deepEqual(
    hurried.map((at) => at / 1000),
    [0, 2, 6, 14, 30, 62],
  );

  addressBook.dialling(entry);
  addressBook.lost(entry, 20_000, nowMs, 0.5);
  flapFor(5000);
  assert.equal(hurried.length, 3, 'a connection that lasted sets that back');
});

test('news of an address cuts its wait short, and not while it is dialled', () => {
  const { addressBook, entry } = dialled(true);
  const hear = (nowMs: number) => addressBook.hear(read('ws://localhost:4002'), plenty(), nowMs);
  hear(0);
  assert.deepEqual(addressBook.due(1e9), []);
  for (let i = 0; i < 5; i++) addressBook.lost(entry, 0, 0, 0.5);
  assert.equal(entry.dueMs, 16_000);
  hear(10);
  assert.equal(entry.dueMs, 10);
  addressBook.dialling(entry);
  addressBook.lost(entry, 0, 20, 0.5);
  hear(900);
  assert.equal(entry.dueMs, 2010);
  addressBook.lost(entry, 0, 3000, 0.5);
  hear(7000);
  assert.equal(entry.dueMs, 7000);
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

test('an address that failed is tried once as it was spelt last, and kept so if that works', () => {
  const { addressBook, entry } = dialled(true);
  addressBook.hear(read('ws://[::1]:4002'), plenty(), 0);
  for (const isReached of [false, true]) {
    addressBook.lost(entry, 0, 0, 0.5);
    assert.equal(addressBook.dialling(entry).text, 'ws://localhost:4002');
    addressBook.lost(entry, 0, 0, 0.5);
    entry.hurriedMs = -Infinity;
    addressBook.hear(read('ws://[::1]:4002'), plenty(), 10);
    assert.equal(addressBook.dialling(entry).text, 'ws://[::1]:4002');
    if (isReached) addressBook.reached(entry);
  }
  addressBook.lost(entry, 0, 0, 0.5);
  assert.equal(addressBook.dialling(entry).text, 'ws://[::1]:4002');
});

test('known peers are dialled first, then those reached before, then the others', () => {
  const addressBook = new AddressBook(at(4001));
  addressBook.hear(read('ws://localhost:4002'), plenty(), 0);
  addressBook.hear(read('ws://localhost:4003'), plenty(), 5);
  addressBook.addRemembered(at(4004), 10);
  addressBook.addKnown(at(4005), 20);
  assert.deepEqual(
    addressBook.due(30).map(({ address }) => address),
    [at(4005), at(4004), at(4002), at(4003)],
  );
});

/** AddressBook of a node that looks for two peers, and has heard of addresses on these ports. */
function bookWith(...ports: number[]): AddressBook {
  const addressBook = new AddressBook(at(4001), false, 2);
  for (const port of ports) addressBook.hear(at(port), plenty(), 0);
  return addressBook;
}

const planned = (addressBook: AddressBook, room: Partial<Parameters<AddressBook['plan']>[1]>) =>
  addressBook
    .plan(0, { dialling: 0, connected: 0, callers: () => [], ...room })
    .now.map(({ address }) => address.key.split(':').at(-1));

test('a node looks for as many peers as it is set to, and dials known ones beyond that', () => {
  const addressBook = bookWith(4002, 4003, 4004);
  assert.deepEqual(planned(addressBook, {}), ['4002', '4003']);
  assert.deepEqual(planned(addressBook, { dialling: 1 }), ['4002']);
  assert.deepEqual(planned(addressBook, { connected: 2 }), []);
  assert.deepEqual(planned(addressBook, { dialling: 8 }), []);
  addressBook.addKnown(at(4005), 0);
  assert.deepEqual(planned(addressBook, { connected: 2 }), ['4005']);
});

test('a caller is dialled back beyond that, up to three times as many peers in all', () => {
  const addressBook = bookWith(4002, 4003);
  const callers = () => [at(4003), at(4009)];
  assert.deepEqual(planned(addressBook, { connected: 2, callers }), ['4003']);
  assert.deepEqual(planned(addressBook, { connected: 5, callers }), ['4003']);
  assert.deepEqual(planned(addressBook, { connected: 6, callers }), []);
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

test('an address that nobody can reach is dialled less and less, whoever names it how often', () => {
  const addressBook = new AddressBook(at(4001));
  const dialledAtMs: number[] = [];
  const hours = 3;
  for (let nowMs = 0; nowMs < hours * 3_600_000; nowMs += 500) {
    addressBook.hear(at(4002), plenty(), nowMs, true);
    for (const entry of addressBook.due(nowMs)) {
      dialledAtMs.push(nowMs);
      addressBook.dialling(entry);
      addressBook.lost(entry, 0, nowMs, 0.5);
    }
  }
  const within = (fromMin: number, toMin: number) =>
    dialledAtMs.filter((ms) => ms >= fromMin * 60_000 && ms < toMin * 60_000).length;
  assert.ok(within(0, 1) >= 5 && within(0, 1) <= 6, `${within(0, 1)} in the first minute`);
  for (let minute = 1; minute < hours * 60; minute++) assert.ok(within(minute, minute + 1) <= 1);
  assert.ok(within(60, 120) <= 4, `${within(60, 120)} in the second hour`);
  assert.ok(within(60, 120) >= 3, 'it is not forgotten for ever');
});

test('an address that was given up and then lasted has five attempts again', () => {
  const { addressBook, entry } = dialled();
  for (let i = 0; i < 5; i++) addressBook.lost(entry, 0, 0, 0.5);
  assert.equal(addressBook.hear(entry.address, plenty(), 59_999), false);
  assert.equal(addressBook.hear(entry.address, plenty(), 60_000), true);
  const [again] = addressBook.due(60_000);
  assert.ok(again !== undefined);
  addressBook.dialling(again);
  addressBook.reached(again);
  const waits = [16_000, 0, 0, 0, 0].map((upMs) => addressBook.lost(again, upMs, 80_000, 0.5));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, undefined]);
  assert.equal(addressBook.hear(entry.address, plenty(), 140_000), true);
});

test('each spelling that a person wrote is tried in turn, until one works', () => {
  const addressBook = new AddressBook(at(4001));
  const texts = ['ws://[::1]:4002', 'ws://127.0.0.1:4002', 'ws://localhost:4002'];
  for (const text of texts) addressBook.addKnown(read(text), 0);
  assert.equal(addressBook.due(0).length, 1);
  const [entry] = addressBook.due(0);
  assert.ok(entry !== undefined);
  for (const text of [...texts, ...texts.slice(0, 1)]) {
    assert.equal(addressBook.dialling(entry).text, text);
    addressBook.lost(entry, 0, 0, 0.5);
  }
  addressBook.dialling(entry);
  addressBook.reached(entry);
  addressBook.lost(entry, 20_000, 0, 0.5);
  assert.equal(addressBook.dialling(entry).text, texts[1], 'the one that worked');
});

test('known peers that do not answer leave a place for each other kind of address', () => {
  const addressBook = bookWith(4002, 4003);
  for (let port = 5000; port < 5020; port++) addressBook.addKnown(at(port), 0);
  const { now } = addressBook.plan(0, { dialling: 0, connected: 0, callers: () => [] });
  assert.equal(now.filter(({ isKnown }) => isKnown).length, 5);
  for (const entry of now) addressBook.dialling(entry);
  const room = { dialling: now.length, connected: 0 };
  assert.deepEqual(planned(addressBook, { ...room, callers: () => [at(4003)] }), ['4003']);
});
