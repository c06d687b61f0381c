import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../lib/limits.js';
import { Session } from '../../lib/pool/reconciliation-session.js';
import type { Key } from '../../lib/wire/key.js';
import { checkProperty } from '../support/property.js';
import { budget, follow, keyAt, Pool, spread } from '../support/sessions.js';

/** Two in a leaf, in a node, and nowhere near each other; or hundreds in one leaf. */
const someKeys = fc.oneof(
  fc.array(
    fc
      .tuple(fc.constantFrom('0000', '0001', '00ff', 'a3f0', 'a3f1', 'ffff'), fc.nat({ max: 40 }))
      .map(([prefix, rest]) => keyAt(prefix, rest)),
  ),
  fc.tuple(fc.nat(), fc.nat({ max: 400 })).map(([seed, count]) => spread(seed, count)),
  fc
    .tuple(fc.constantFrom('a3f0', 'ffff'), fc.nat({ max: 1e6 }), fc.nat({ max: 400 }))
    .map(([prefix, at, count]) => Array.from({ length: count }, (_, i) => keyAt(prefix, at + i))),
);

const minus = (some: readonly Key[], others: readonly Key[]) => {
  const without = new Set(others);
  return [...new Set(some)].filter((key) => !without.has(key));
};

/** Compares two pools, and the outcome with what sets say. */
function compare(ours: readonly Key[], theirs: readonly Key[], perAnswer = Infinity): number {
  const [own, other] = [new Pool(ours), new Pool(theirs)];
  const { result, requests } = follow(new Session(own).compare(), (request) => {
    if (request.type === 'GET_TRANSACTIONS') assert.ok(!request.data.some((key) => own.has(key)));
    return other.answer(request, perAnswer);
  });
  assert.deepEqual([...own.taken].sort(), minus(theirs, ours).sort(), 'takes what it lacks, once');
  const lacking = new Set(minus(ours, theirs));
  assert.ok(result.every((key) => lacking.has(key)));
  assert.equal(new Set(result).size, result.length);
  assert.equal(result.length, Math.min(lacking.size, LIMITS.keys));
  return requests;
}

test('after a session we have all, and know what the other lacks, at a bounded cost', (t) => {
  checkProperty(
    t,
    fc.property(someKeys, someKeys, someKeys, (both, ours, theirs) => {
      const requests = compare([...both, ...ours], [...theirs, ...both]);
      assert.ok(requests <= budget([...new Set([...both, ...ours, ...theirs])]), `${requests}`);
    }),
    300,
  );
});

test('pools that are equal, or differ in little, or one of them empty, cost few requests', () => {
  const many = spread(1, 5000);
  const one = keyAt(
    Buffer.from(many[0] as Key, 'latin1')
      .toString('hex')
      .slice(0, 4),
    1,
  );
  assert.equal(compare([], []), 1);
  assert.equal(compare(many, []), 1);
  assert.equal(compare([], [one]), 3);
  assert.equal(compare(many, [...many].reverse()), 1);
  assert.equal(compare(many, [one, ...many]), 6);
  assert.equal(compare([one, ...many], many), 5);
});

test('pools of thousands that have little or nothing in common are compared at a bounded cost', () => {
  const [some, others] = [spread(1, 3000), spread(2, 10_000)];
  const leaf = Array.from({ length: 3000 }, (_, i) => keyAt('a3f0', 8 * i + 1));
  for (const [ours, theirs] of [
    [[], others],
    [others, []],
    [some, others],
    [others, some],
    [some, [...others, ...some]],
    [leaf, [...leaf.slice(1500), ...some]],
    [leaf.slice(0, 1500), leaf.slice(1000)],
  ] as const) {
    const all = [...new Set([...ours, ...theirs])];
    const requests = compare(ours, theirs);
    assert.ok(requests <= budget(all), `${requests} requests, not ${budget(all)}`);
  }
});

test('an answer may bring one transaction only', () => {
  compare(spread(1, 100), spread(2, 3000), 1);
});

test('pools may grow during a session, ours with what the session is about as well', (t) => {
  checkProperty(
    t,
    fc.property(someKeys, someKeys, someKeys, fc.infiniteStream(fc.nat()), (a, b, news, random) => {
      const [own, other] = [new Pool(a), new Pool(b)];
      const late = [...news, ...b];
      const { result } = follow(new Session(own).compare(), (request) => {
        for (let i = 0; i < 5; i++) {
          const [whom, key] = [random.next().value as number, late.pop()];
          if (key !== undefined && whom % 3 !== 1) own.add(key);
          if (key !== undefined && whom % 3 !== 2) other.add(key);
        }
        return other.answer(request);
      });
      assert.deepEqual(minus(b, own.keys), []);
      assert.deepEqual(minus(result, minus(own.keys, b)), []);
      assert.equal(new Set(own.taken).size, own.taken.length);
    }),
    300,
  );
});

test('what is offered is fetched as far as we lack it', () => {
  const [own, other] = [new Pool(spread(1, 500)), new Pool(spread(2, 500))];
  const offered = [...spread(1, 500), ...spread(2, 10), ...spread(2, 500)];
  follow(new Session(own).fetch(offered), (request) => other.answer(request));
  assert.deepEqual(own.taken, spread(2, 500));
});

test('what arrives in the meantime is not fetched', () => {
  const [own, other] = [new Pool([]), new Pool(spread(2, 10))];
  const { requests } = follow(new Session(own).fetch(other.keys), (request) => {
    for (const key of other.keys.slice(1)) own.add(key);
    return other.answer(request, 1);
  });
  assert.equal(requests, 1);
});
