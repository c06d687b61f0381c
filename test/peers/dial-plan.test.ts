/** Which addresses are dialled first, and how many at a time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import { at, bookWith, plenty, read } from '../support/address-books.js';

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

test('known peers that do not answer leave a place for each other kind of address', () => {
  const addressBook = bookWith(4002, 4003);
  for (let port = 5000; port < 5020; port++) addressBook.addKnown(at(port), 0);
  const { now } = addressBook.plan(0, { dialling: 0, connected: 0, callers: () => [] });
  assert.equal(now.filter(({ isKnown }) => isKnown).length, 5);
  for (const entry of now) addressBook.dialling(entry);
  const room = { dialling: now.length, connected: 0 };
  assert.deepEqual(planned(addressBook, { ...room, callers: () => [at(4003)] }), ['4003']);
});
