/** When an address is dialled again, in which spelling, and when no more. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import { at, dialled, plenty, read } from '../support/address-books.js';

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
  assert.ok(within(0, 1) >= 5 && within(0, 1) <= 7, `${within(0, 1)} in the first minute`);
  for (let minute = 1; minute < hours * 60; minute++) assert.ok(within(minute, minute + 1) <= 1);
  assert.ok(within(60, 120) <= 4, `${within(60, 120)} in the second hour`);
  assert.ok(within(60, 120) >= 3, 'it is not forgotten for ever');
});

test('an address that was given up is dialled when its time has come, if it was named before or after', () => {
  for (const namedMs of [0, 15_999, 16_000, 40_000]) {
    const { addressBook, entry } = dialled();
    for (let i = 0; i < 5; i++) addressBook.lost(entry, 0, 0, 0.5);
    assert.deepEqual(addressBook.due(1e9), [], 'not before somebody names it');
    assert.equal(addressBook.hear(entry.address, plenty(), namedMs), true);
    assert.equal(addressBook.hear(entry.address, plenty(), namedMs), false, 'once');
    const dueMs = Math.max(namedMs, 16_000);
    assert.deepEqual(addressBook.due(dueMs - 1), []);
    const [again] = addressBook.due(dueMs);
    assert.ok(again !== undefined);
    addressBook.dialling(again);
    assert.equal(addressBook.lost(again, 0, dueMs, 0.5), undefined, 'one attempt');
    addressBook.hear(entry.address, plenty(), dueMs);
    assert.equal(addressBook.all()[0]?.dueMs, dueMs + 32_000);
  }
});

test('an address that was given up and then lasted has five attempts again', () => {
  const { addressBook, entry } = dialled();
  for (let i = 0; i < 5; i++) addressBook.lost(entry, 0, 0, 0.5);
  assert.equal(addressBook.hear(entry.address, plenty(), 60_000), true);
  const [again] = addressBook.due(60_000);
  assert.ok(again !== undefined);
  addressBook.dialling(again);
  addressBook.reached(again);
  const waits = [16_000, 0, 0, 0, 0].map((upMs) => addressBook.lost(again, upMs, 80_000, 0.5));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, undefined]);
  assert.equal(addressBook.hear(entry.address, plenty(), 140_000), true);
});

test('an address that was given up through no fault of its own is learnt again at once', () => {
  for (const isNamedBefore of [false, true]) {
    const { addressBook, entry } = dialled();
    for (let failures = 1; failures <= 5; failures++) addressBook.lost(entry, 0, 0, 0.5);
    if (isNamedBefore) addressBook.hear(entry.address, plenty(), 0);
    addressBook.forgive(entry.address);
    assert.equal(addressBook.hear(entry.address, plenty(), 1), !isNamedBefore);
    const [again] = addressBook.due(1);
    assert.ok(again !== undefined);
    // It has all its attempts again.
    const waits = Array.from({ length: 5 }, () => addressBook.lost(again, 0, 1, 0.5));
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, undefined]);
  }
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
