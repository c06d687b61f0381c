/** What is taken away again: from the set of keys, from the tree over them, from the pool's file. */

import assert from 'node:assert/strict';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import fs from 'fs-extra';
import { KeySet } from '../../lib/pool/key-set.js';
import { MerkleTree, ROOT } from '../../lib/pool/merkle-tree.js';
import { type Journal, openJournal } from '../../lib/storage/journal.js';
import { KEY_BYTES, type Key } from '../../lib/wire/key.js';
import { until } from '../support/helpers.js';
import { checkProperty, newSeed } from '../support/property.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder('removal-');
const file = join(folder, 'transactions.json');

// A node holds its journal until it ends; of the many here, each must be given back.
const handles: FileHandle[] = [];
const { open: openFile } = promises;
mock.method(promises, 'open', async (...args: Parameters<typeof openFile>) => {
  const handle = await openFile(...args);
  handles.push(handle);
  return handle;
});
syncBuiltinESMExports();

async function giveBack(): Promise<void> {
  // Those of files that were replaced are closed already.
  for (const handle of handles.splice(0)) await handle.close().catch(() => {});
}

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

/** A record that says in which order it came; some long, some short. */
function recordOf(number: number): string {
  return JSON.stringify({ number, padding: 'é'.repeat((number * 7) % 30) });
}

async function open(): Promise<{ journal: Journal; found: string[] }> {
  const found: string[] = [];
  const take = ({ json, value }: { json: string; value: unknown }) => {
    // Some have no number, as transactions that nobody takes.
    if ((value as { isOther?: boolean }).isOther) return false;
    return found.push(json) > 0;
  };
  return { journal: await openJournal(file, take, () => {}), found };
}

const batch = fc.record({
  added: fc.nat(5),
  removed: fc.array(fc.nat(30), { maxLength: 4 }),
  isAwaited: fc.boolean(),
});

test('records leave the file of a journal, and those that stay can be read', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', '[]', '[\n]\n', ' [ {"isOther":true} ,{"number":0}\n\n, {"number":1}]'),
      fc.array(batch, { minLength: 1, maxLength: 8 }),
      async (before, batches) => {
        fs.writeFileSync(file, before);
        const { journal, found } = await open();
        const texts = [...found];
        const gone = new Set<number>();
        for (const { added, removed, isAwaited } of batches) {
          for (let i = 0; i < added; i++) {
            texts.push(recordOf(texts.length));
            journal.append(texts.at(-1) as string);
          }
          const numbers = [...new Set(removed)].filter(
            (number) => number < texts.length && !gone.has(number),
          );
          for (const number of numbers) gone.add(number);
          if (numbers.length > 0) journal.remove(numbers);
          if (isAwaited) await journal.saved();
        }
        await journal.saved();
        const left = [...texts.keys()].filter((number) => !gone.has(number));
        const read = await journal.read(left);
        assert.deepEqual(
          read.map(String),
          left.map((number) => texts[number]),
        );
        const others = before.includes('isOther') ? [{ isOther: true }] : [];
        const expected = [...others, ...left.map((number) => JSON.parse(texts[number] as string))];
        await until('the file to be as it should', () => {
          const now = JSON.parse(fs.readFileSync(file, 'utf8'));
          return JSON.stringify(now) === JSON.stringify(expected);
        });
        // Also where it is read anew.
        const again = await open();
        assert.deepEqual(
          again.found,
          left.map((number) => texts[number]),
        );
        assert.equal(fs.existsSync(`${file}.tmp`), false);
        await giveBack();
      },
    ),
    { seed: newSeed(t), numRuns: 60 },
  );
});

test('a journal from which all is gone goes on', async () => {
  fs.writeFileSync(file, '');
  const { journal } = await open();
  journal.append(recordOf(0));
  await journal.saved();
  journal.remove([0]);
  await journal.removed();
  assert.equal(fs.readFileSync(file, 'utf8'), '[\n]\n');
  journal.append(recordOf(1));
  await journal.saved();
  assert.equal(fs.readFileSync(file, 'utf8'), `[\n${recordOf(1)}\n]\n`);
  await giveBack();
});

test('a journal is cut off, and goes on from there', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ added: fc.nat(5), kept: fc.nat(12) }), { minLength: 1, maxLength: 6 }),
      async (steps) => {
        fs.writeFileSync(file, '');
        const { journal } = await open();
        let texts: string[] = [];
        const add = () => {
          texts.push(recordOf(texts.length));
          journal.append(texts.at(-1) as string);
        };
        add();
        for (const { added, kept } of steps) {
          for (let i = 0; i < added; i++) add();
          const count = Math.min(texts.length, 1 + kept);
          await journal.truncate(count);
          texts = texts.slice(0, count);
          const now = JSON.parse(fs.readFileSync(file, 'utf8'));
          assert.deepEqual(
            now,
            texts.map((text) => JSON.parse(text)),
          );
          assert.equal(journal.savedCount, count);
        }
        add();
        await journal.saved();
        assert.equal(fs.readFileSync(file, 'utf8').trimEnd(), `[\n${texts.join(',\n')}\n]`);
        assert.deepEqual((await journal.read([...texts.keys()])).map(String), texts);
        await giveBack();
      },
    ),
    { seed: newSeed(t), numRuns: 60 },
  );
});

test('what is to go stays in the file as long as there is no room for a new one', async () => {
  fs.writeFileSync(file, '');
  const lines: string[] = [];
  const log = (event: string, detail: string) => lines.push(`${event}: ${detail}`);
  const journal = await openJournal(file, () => true, log);
  for (let number = 0; number < 3; number++) journal.append(recordOf(number));
  const { rename } = promises;
  const refusing = mock.method(promises, 'rename', async (...args: Parameters<typeof rename>) => {
    if (refusing.mock.callCount() > 0) return rename(...args);
    throw new Error('ENOSPC: no space left on device');
  });
  syncBuiltinESMExports();
  journal.remove([1]);
  await until('a refusal', () => lines.length > 0);
  assert.match(lines[0] as string, /^not made smaller: removal-\w+\/transactions\.json \(ENOSPC/);
  journal.append(recordOf(3));
  await journal.saved();
  const numbers = () =>
    JSON.parse(fs.readFileSync(file, 'utf8')).map(({ number }: { number: number }) => number);
  assert.deepEqual(numbers(), [0, 1, 2, 3]);
  assert.equal(fs.existsSync(`${file}.tmp`), false);
  await until('it to be gone in the end', () => numbers().join() === '0,2,3', 30_000);
  assert.deepEqual((await journal.read([0, 2, 3])).map(String), [0, 2, 3].map(recordOf));
  await giveBack();
});
