/** What is taken away again from the file of a journal: some records, or the last ones. */

import assert from 'node:assert/strict';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import fs from 'fs-extra';
import type { Element } from '../../lib/storage/element-reader.js';
import { type Journal, openJournal } from '../../lib/storage/journal.js';
import { until } from '../support/helpers.js';
import { newSeed, runsOf } from '../support/property.js';
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

/** A record that says in which order it came; some long, some short. */
function recordOf(number: number): string {
  return JSON.stringify({ number, padding: 'é'.repeat((number * 7) % 30) });
}

async function open(): Promise<{ journal: Journal; found: string[] }> {
  const found: string[] = [];
  const parse = (json: string): { isOther?: boolean } => JSON.parse(json);
  const take = ({ json, value }: Element<{ isOther?: boolean }>) => {
    // Some have no number, as transactions that nobody takes.
    if (value.isOther) return false;
    return found.push(json) > 0;
  };
  return { journal: await openJournal(file, { parse, take, takeLoose: take }, () => {}), found };
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
        // The name of the new file may not be on disk yet.
        await journal.saved();
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
    { seed: newSeed(t), numRuns: runsOf(60) },
  );
});

test('records can be read while a file that has another name is written over', async () => {
  fs.writeFileSync(file, '');
  const { journal } = await open();
  for (let number = 0; number < 60; number++) journal.append(recordOf(number));
  await journal.saved();
  const other = `${file}-other`;
  fs.linkSync(file, other);
  const even = Array.from({ length: 30 }, (_, place) => 2 * place);
  journal.remove(even.map((number) => number + 1));
  let isDone = false;
  const removing = journal.removed().then(() => {
    isDone = true;
  });
  let reads = 0;
  for (; !isDone || reads < 3; reads++) {
    const read = await journal.read(even);
    assert.deepEqual(read.map(String), even.map(recordOf));
  }
  await removing;
  const written = JSON.parse(fs.readFileSync(other, 'utf8'));
  assert.deepEqual(
    written.map(({ number }: { number: number }) => number),
    even,
  );
  fs.rmSync(other);
  await journal.saved();
  await giveBack();
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
    { seed: newSeed(t), numRuns: runsOf(60) },
  );
});

test('what is to go stays in the file as long as there is no room for a new one', async () => {
  fs.writeFileSync(file, '');
  const lines: string[] = [];
  const log = (event: string, detail: string) => lines.push(`${event}: ${detail}`);
  const reader = { parse: () => {}, take: () => true, takeLoose: () => true };
  const journal = await openJournal(file, reader, log);
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
  await journal.saved();
  assert.deepEqual((await journal.read([0, 2, 3])).map(String), [0, 2, 3].map(recordOf));
  await giveBack();
});
