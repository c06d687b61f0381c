/** The example of a program on top of the rooms: two pools that are made equal over a stream. */

import assert from 'node:assert/strict';
import { Duplex, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { reconcile } from '../../examples/reconcile.js';
import { type Key, keyOf } from '../../lib/wire/key.js';
import { DEADLINE_MS, within } from '../support/helpers.js';

/** Two ends of a stream in memory. */
function streamPair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const end = (readable: PassThrough, writable: PassThrough) =>
    Duplex.from({ readable, writable }) as Duplex;
  return [end(there, back), end(back, there)];
}

/** Transactions with these numbers, some of them large, some in more than one line. */
function poolOf(first: number, count: number): Map<Key, string> {
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const id = `transaction ${first + i}`;
      const text = 'x'.repeat((first + i) % 50 === 0 ? 60_000 : 20);
      return [keyOf(id), `{"id":"${id}",\n"amount":1.0,"text":"${text}"}`];
    }),
  );
}

const sorted = (pool: Map<Key, string>) =>
  [...pool.values()].map((text) => text.replace('\n', ' ')).sort();

for (const [what, ours, theirs] of [
  ['that differ in some', poolOf(0, 3000), poolOf(20, 3100)],
  ['of which one is empty', poolOf(0, 0), poolOf(0, 5000)],
  ['that have nothing in common', poolOf(0, 2500), poolOf(10_000, 2500)],
  ['that are equal', poolOf(0, 100), poolOf(0, 100)],
] as const) {
  test(`the example makes two pools equal ${what}, and ends`, async () => {
    const all = sorted(new Map([...ours, ...theirs]));
    const [here, there] = streamPair();
    await within(DEADLINE_MS, Promise.all([reconcile(ours, here), reconcile(theirs, there)]));
    assert.deepEqual(sorted(ours), all);
    assert.deepEqual(sorted(theirs), all);
  });
}

test('the example does not take rubbish for a pool', async () => {
  const [here, there] = streamPair();
  there.write('hello\n');
  await assert.rejects(reconcile(poolOf(0, 10), here), /does not speak as we do/);
});
