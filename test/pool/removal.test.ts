/** What is taken away again: from the set of keys, and from the tree over them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeySet } from '../../lib/pool/key-set.js';
import { MerkleTree, ROOT } from '../../lib/pool/merkle-tree.js';
import { KEY_BYTES, type Key, keyOf } from '../../lib/wire/key.js';
import { checkProperty } from '../support/property.js';

// Few of them, in few leaves, so that they come, go and come again.
const key = fc
  .nat(40)
  .map((number) => `${String.fromCharCode(number % 2)}\0${'k'.repeat(KEY_BYTES - 3)}${number}`)
  .map((text) => text.slice(0, KEY_BYTES - 1) + text.slice(-1));
const changes = fc.array(fc.record({ key, isAdded: fc.boolean() }), { maxLength: 200 });

/** Makes the changes, and tells which keys are left, by their places. */
function follow(
  made: readonly { key: Key; isAdded: boolean }[],
  add: (key: Key) => boolean,
  remove: (key: Key) => void,
): Map<Key, number> {
  const left = new Map<Key, number>();
  let places = 0;
  for (const { key, isAdded } of made) {
    if (isAdded) {
      assert.equal(add(key), !left.has(key));
      if (!left.has(key)) left.set(key, places++);
    } else {
      remove(key);
      left.delete(key);
    }
  }
  return left;
}

test('a key that was removed is not found, and all others are where they were', (t) => {
  checkProperty(
    t,
    fc.property(changes, (made) => {
      const set = new KeySet();
      const add = (each: Key) => set.add(each);
      const left = follow(made, add, (each) => set.remove(each));
      assert.equal(set.size, left.size);
      for (const { key } of made) assert.equal(set.placeOf(key), left.get(key));
    }),
  );
});

test('keys come and go, and are all where they were, while the set grows', (t) => {
  // Of the keys so far, which ones are removed again; more than twice as many as the first table holds.
  const removals = fc.array(fc.nat(2500), { minLength: 1, maxLength: 50 });
  checkProperty(
    t,
    fc.property(removals, fc.integer({ min: 1, max: 40 }), (removed, step) => {
      const set = new KeySet();
      const made = Array.from({ length: 2500 }, (_, number) => [
        { key: keyOf(number), isAdded: true },
        {
          key: keyOf((removed[number % removed.length] ?? 0) % (number + 1)),
          isAdded: number % step > 0,
        },
      ]).flat();
      const add = (each: Key) => {
        const isThere = set.placeOf(each) !== undefined;
        assert.equal(set.add(each), !isThere);
        return !isThere;
      };
      const left = follow(made, add, (each) => set.remove(each));
      assert.equal(set.size, left.size);
      for (let number = 0; number < 2500; number++) {
        assert.equal(set.placeOf(keyOf(number)), left.get(keyOf(number)));
      }
    }),
  );
});

test('a set of keys that is cut off goes on as if the others had never been there', (t) => {
  const key = fc.nat(40).map((number) => String(number).padStart(KEY_BYTES, 'k'));
  checkProperty(
    t,
    fc.property(fc.array(key), fc.array(key), fc.nat(30), (before, after, cut) => {
      const [set, expected] = [new KeySet(), new KeySet()];
      for (const each of before) set.add(each);
      const places = Math.min(cut, set.places);
      const kept = Array.from({ length: places }, (_, place) => set.at(place));
      set.truncate(places);
      for (const each of kept) expected.add(each);
      for (const each of after) assert.equal(set.add(each), expected.add(each));
      assert.deepEqual([set.size, set.places], [expected.size, expected.places]);
      for (const each of [...before, ...after]) {
        assert.equal(set.placeOf(each), expected.placeOf(each));
      }
    }),
  );
});

test('of thousands of keys that are in the way of each other, any may go', () => {
  const set = new KeySet();
  const keyAt = (number: number) => String(number).padStart(KEY_BYTES, 'k');
  // The set grows at 32,768: as full as it gets.
  const numbers = Array.from({ length: 32_000 }, (_, number) => number);
  const isGone = (number: number) => number % 3 === 0;
  for (const number of numbers) set.add(keyAt(number));
  for (const number of numbers.filter(isGone)) set.remove(keyAt(number));
  const check = () => {
    for (const number of numbers) {
      assert.equal(set.placeOf(keyAt(number)), isGone(number) ? undefined : number);
    }
  };
  check();
  for (let number = 32_000; number < 34_000; number++) set.add(keyAt(number));
  check();
});

test('a tree is the same, whatever was in it before', (t) => {
  checkProperty(
    t,
    fc.property(changes, (made) => {
      const tree = new MerkleTree();
      const add = (each: Key) => {
        // So that digests are not made of the latest state alone.
        tree.childDigests(ROOT);
        return tree.add(each);
      };
      const left = follow(made, add, (each) => tree.remove(each));
      const other = new MerkleTree();
      for (const each of left.keys()) other.add(each);
      assert.equal(tree.size, left.size);
      for (const name of [ROOT, '0', '00', '000', '01', '010']) {
        assert.deepEqual(tree.childDigests(name), other.childDigests(name));
        const { keys } = tree.keysUnder([name], 0, Infinity, 1000);
        assert.deepEqual(keys, other.keysUnder([name], 0, Infinity, 1000).keys);
      }
    }),
  );
});
