import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeySet } from '../../lib/pool/key-set.js';
import { type KeyPage, LEAF_LEVEL, MerkleTree, ROOT } from '../../lib/pool/merkle-tree.js';
import { KEY_BYTES, type Key, keyOf } from '../../lib/wire/key.js';
import { CHILDREN, DIGEST_BYTES } from '../../lib/wire/reconciliation-messages.js';
import { checkProperty } from '../support/property.js';

const hexOf = (key: Key) => Buffer.from(key, 'latin1').toString('hex');
const digestOf = (bytes: Buffer) =>
  createHash('sha256').update(bytes).digest().subarray(0, DIGEST_BYTES);
const namesBelow = (name: string) => [...'0123456789abcdef'].map((digit) => name + digit);

/** Few beginnings, few endings: keys that are equal, and keys that share a leaf or a node. */
const key = fc
  .tuple(
    fc.constantFrom('0000', '0001', '00ff', '0a00', 'a3f0', 'a3f1', 'ffff'),
    fc.oneof(fc.integer({ min: 0, max: 40 }), fc.nat()),
  )
  .map(([prefix, rest]) =>
    Buffer.from(prefix + rest.toString(16).padStart(20, '0'), 'hex').toString('latin1'),
  );
const keys = fc.array(key, { maxLength: 120 });
const name = fc
  .tuple(
    fc.constantFrom('0000', '00ff', 'a3f0', 'a3f1', 'ffff'),
    fc.integer({ min: 0, max: LEAF_LEVEL }),
  )
  .map(([text, level]) => text.slice(0, level));

function randomKeys(count: number): Key[] {
  const bytes = randomBytes(count * KEY_BYTES).toString('latin1');
  return Array.from({ length: count }, (_, i) => bytes.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES));
}

function treeOf(some: readonly Key[]): MerkleTree {
  const tree = new MerkleTree();
  for (const each of some) tree.add(each);
  return tree;
}

/** The digest of a node, from nothing but the description of the tree. */
function expectedDigest(node: string, all: readonly Key[]): Buffer {
  const under = all.filter((each) => hexOf(each).startsWith(node));
  if (under.length === 0) return Buffer.alloc(DIGEST_BYTES);
  return digestOf(
    node.length === LEAF_LEVEL
      ? Buffer.from([...under].sort().join(''), 'latin1')
      : Buffer.concat(namesBelow(node).map((child) => expectedDigest(child, under))),
  );
}

function allPages(page: (from: number) => KeyPage): Key[][] {
  const pages: Key[][] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { keys: some, next }: KeyPage = page(from);
    pages.push(some);
    assert.ok(next === undefined || next > from, 'the next page begins later');
    from = next;
  }
  return pages;
}

test('the key of a transaction begins the SHA-256 of its id, of a string within quotes', () => {
  // printf '"abc"' | sha256sum; printf 1 | sha256sum
  assert.equal(hexOf(keyOf('abc')), '6cc43f858fbb763301637b5a');
  assert.equal(hexOf(keyOf(1)), '6b86b273ff34fce19d6b804e');
  assert.notEqual(keyOf(1), keyOf('1'));
});

test('a key set holds each key once, at its place in the order of arrival', (t) => {
  checkProperty(
    t,
    fc.property(keys, keys, (added, others) => {
      const set = new KeySet();
      const model: Key[] = [];
      for (const each of added) {
        assert.equal(set.add(each), !model.includes(each));
        if (!model.includes(each)) model.push(each);
        assert.equal(set.size, model.length);
      }
      for (const [place, each] of model.entries()) {
        assert.equal(set.at(place), each);
        assert.equal(set.prefixAt(place), Number.parseInt(hexOf(each).slice(0, 4), 16));
      }
      for (const each of [...added, ...others]) {
        const place = model.indexOf(each);
        assert.equal(set.placeOf(each), place < 0 ? undefined : place);
      }
    }),
  );
});

test('a key set forgets nothing while it grows, nor does a tree', () => {
  const all = randomKeys(10_000);
  const [set, tree] = [new KeySet(), new MerkleTree()];
  for (const each of all) assert.ok(set.add(each) && tree.add(each));
  for (const [place, each] of all.entries()) {
    assert.deepEqual([set.placeOf(each), tree.placeOf(each)], [place, place]);
    assert.equal(set.at(place), each);
    assert.equal(set.add(each) || tree.add(each), false);
  }
  assert.deepEqual([set.size, tree.size], [all.length, all.length]);
  for (const each of randomKeys(1000)) assert.equal(set.placeOf(each), undefined);
  const got = allPages((from) => tree.keysUnder([ROOT], from, Infinity, 999)).flat();
  assert.deepEqual(got, all);
});

test('each digest is what the description of the tree says', (t) => {
  checkProperty(
    t,
    fc.property(keys, name, fc.nat(), (added, node, cut) => {
      const parent = node.slice(0, LEAF_LEVEL - 1);
      const tree = new MerkleTree();
      const half = cut % (added.length + 1);
      // Asked for half-way, so that an old digest cannot be taken for the new one.
      for (const some of [added.slice(0, half), added]) {
        for (const each of some) tree.add(each);
        const expected = namesBelow(parent).map((child) =>
          expectedDigest(child, [...new Set(some)]),
        );
        assert.deepEqual(tree.childDigests(parent), Buffer.concat(expected));
      }
    }),
    100,
  );
});

test('equal sets have equal digests whatever came first, different ones differ at the root', (t) => {
  checkProperty(
    t,
    fc.property(keys, key, fc.infiniteStream(fc.nat()), (added, another, stream) => {
      const order = [...added].map((each) => [stream.next().value as number, each] as const);
      const shuffled = order.sort(([a], [b]) => a - b).map(([, each]) => each);
      const [one, two] = [treeOf(added), treeOf(shuffled)];
      assert.deepEqual(one.childDigests(ROOT), two.childDigests(ROOT));
      const isNew = two.add(another);
      assert.equal(one.childDigests(ROOT).equals(two.childDigests(ROOT)), !isNew);
    }),
  );
});

test('keys are paged in the order of arrival, those under the nodes and no others', (t) => {
  checkProperty(
    t,
    fc.property(
      keys,
      fc.uniqueArray(name, { maxLength: 5 }),
      fc.nat({ max: 130 }),
      fc.oneof(fc.nat({ max: 130 }), fc.constant(Infinity)),
      fc.integer({ min: 1, max: 50 }),
      (added, names, from, until, limit) => {
        const tree = treeOf(added);
        const all = [...new Set(added)];
        const expected = all
          .slice(from, Math.max(from, until))
          .filter((each) => names.some((node) => hexOf(each).startsWith(node)));
        const pages = allPages((next) => tree.keysUnder(names, Math.max(next, from), until, limit));
        assert.deepEqual(pages.flat(), expected);
        assert.ok(pages.every((page) => page.length <= limit));
      },
    ),
    1000,
  );
});

test('a key is listed once, though a node and one above it are asked for', () => {
  const [one] = randomKeys(1) as [Key];
  const node = hexOf(one).slice(0, LEAF_LEVEL);
  for (const above of ['', node.slice(0, 2), node.slice(0, 3)]) {
    assert.deepEqual(treeOf([one]).keysUnder([above, node], 0, Infinity, 9), { keys: [one] });
  }
});

test('in a large tree one call looks through a part of the keys, and says where to go on', () => {
  const tree = new MerkleTree();
  const late = Buffer.from('a3f0'.padEnd(2 * KEY_BYTES, '0'), 'hex').toString('latin1');
  const others = randomKeys(300_000).filter((each) => !hexOf(each).startsWith('a3'));
  for (const each of [...others, late]) tree.add(each);
  for (const names of [['a3'], ['a3', '0000'], ['a3f0']]) {
    const isWanted = (each: Key) => names.some((node) => hexOf(each).startsWith(node));
    const pages = allPages((from) => tree.keysUnder(names, from, Infinity, 100));
    assert.deepEqual(pages.flat(), [...others, late].filter(isWanted));
    // 272 leaves are looked through in two slices; to one leaf or 256 it goes straight.
    assert.equal(pages.length, names.length);
  }
});

test('digests are brought up to date in slices, and end up as all at once', () => {
  const all = randomKeys(5000);
  const [sliced, whole] = [treeOf(all), treeOf(all)];
  for (let i = 0; i < 100; i++) assert.equal(sliced.refresh(performance.now() - 1), false);
  let slices = 1;
  while (!sliced.refresh(performance.now() + 0.1)) slices += 1;
  assert.ok(slices > 1, 'more than one slice');
  assert.equal(sliced.refresh(performance.now() - 1), true);
  assert.equal(whole.refresh(Infinity), true);
  for (const node of [ROOT, '0', 'a3', 'fff']) {
    assert.deepEqual(sliced.childDigests(node), whole.childDigests(node));
    const expected = namesBelow(node).map((child) => expectedDigest(child, all));
    assert.deepEqual(whole.childDigests(node), Buffer.concat(expected));
    assert.equal(whole.childDigests(node).length, CHILDREN * DIGEST_BYTES);
  }
});
