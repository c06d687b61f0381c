/** The file of the pool: read in any layout, appended to, and mended wherever a write stopped. */

import assert from 'node:assert/strict';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import fs from 'fs-extra';
import type { Element } from '../../lib/storage/element-reader.js';
import { type Journal, openJournal } from '../../lib/storage/journal.js';
import { isJson } from '../support/helpers.js';
import { ANY_CHARACTER, casesOf, newSeed, runsOf } from '../support/property.js';
import { temporaryFolder } from '../support/temporary.js';

const RECORDS = [
  '{"id":"a"}',
  '{"id":"grüße €𝄞\uFFFD","to":"Zoë"}',
  String.raw`{"id":"\u00e9\ud834\udd1e\n\"\\","n":[1.0,-2.5e-3,true,false,null]}`,
  '{"nested":{"a":{"b":[{"c":{}},[[]],"x"]}},"also":[ { } ]}',
  String.raw`{"text":"}],[{\"]\\","]":"}\n]\n"}`,
  '{"hash":"h","amount":12345678901234567890.10}',
];
const NEW = '{"id":"new, €"}';

const folder = temporaryFolder('journal-');
const file = join(folder, 'transactions.json');
const tornFile = `${file}.torn`;

// A node holds its journal until it ends; of the thousands here, each must be given back.
const handles: FileHandle[] = [];
const { open } = promises;
mock.method(promises, 'open', async (...args: Parameters<typeof open>) => {
  const handle = await open(...args);
  handles.push(handle);
  return handle;
});
syncBuiltinESMExports();
mock.method(process, 'exit', () => {
  throw new Error('the journal refuses the file');
});

interface Opened {
  readonly journal: Journal;
  readonly records: Element<unknown>[];
  readonly lines: string[];
}

/** Opens a journal on a file with this content, and gives it back when all is checked. */
async function withJournal(
  content: Buffer,
  check: (opened: Opened) => Promise<void>,
): Promise<void> {
  fs.removeSync(tornFile);
  fs.writeFileSync(file, content);
  const records: Element<unknown>[] = [];
  const lines: string[] = [];
  const log = (event: string, detail: string) => lines.push(`${event}: ${detail}`);
  const parse = (json: string): unknown => JSON.parse(json);
  const take = (record: Element<unknown>) => records.push(record) > 0;
  const journal = await openJournal(file, { parse, take, takeLoose: take }, log);
  await check({ journal, records, lines });
  for (const handle of handles.splice(0)) await handle.close();
}

/** A file as a node writes it. */
function layout(records: readonly string[]): string {
  return records.length === 0 ? '[\n]\n' : `[\n${records.join(',\n')}\n]\n`;
}

/** Of all these records, written as a node does: those that end within so many bytes. */
function recordsWithin(records: readonly string[], bytes: number) {
  let start = '[\n'.length;
  const kept: string[] = [];
  for (const record of records) {
    const end = start + Buffer.byteLength(record);
    if (end > bytes) {
      const torn = Buffer.from(record).subarray(0, Math.max(0, bytes - start));
      return { kept, torn };
    }
    kept.push(record);
    start = end + ',\n'.length;
  }
  return { kept, torn: Buffer.alloc(0) };
}

/**
 * Opens what a stopped write left behind, and appends to it.
 *
 * @param kept the records that are whole
 * @param torn what is there of another one
 */
async function checkMended(
  content: Buffer,
  { kept, torn }: { kept: string[]; torn: Buffer },
): Promise<void> {
  await withJournal(content, async ({ journal, records, lines }) => {
    assert.deepEqual(
      records.map(({ json }) => json),
      kept,
    );
    for (const { json, offset, length } of records) {
      assert.equal(content.subarray(offset, offset + length).toString(), json);
    }
    // One that was whole is left as it is.
    const wasWhole = isJson(content.toString());
    const mended = fs.readFileSync(file, 'utf8').replace(/\0+/, '(NUL bytes)');
    assert.equal(mended.trimEnd(), (wasWhole ? content.toString() : layout(kept)).trimEnd());
    assert.deepEqual(
      JSON.parse(mended),
      kept.map((json) => JSON.parse(json)),
    );
    if (torn.length > 0) {
      const saved = fs.readFileSync(tornFile);
      assert.equal(saved.toString('latin1').trimEnd(), torn.toString('latin1').trimEnd());
      const said = `the ${saved.length - 1} byte${saved.length === 2 ? '' : 's'} of it are now in`;
      assert.ok(lines[0]?.startsWith('mended: ') && lines[0].includes(said), lines[0]);
    } else {
      assert.ok(!fs.existsSync(tornFile), 'nothing is put aside where no record is torn');
    }
    // Of an empty file there is nothing to tell.
    const isTold = !wasWhole && content.length > 0;
    assert.equal(lines.length, isTold ? 1 : 0, lines.join());

    journal.append(NEW);
    await journal.saved();
    assert.equal(fs.readFileSync(file, 'utf8'), layout([...kept, NEW]));
  });
}

/** Names the case that failed. */
async function checkCase(what: string, check: Promise<void>): Promise<void> {
  await check.catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  });
}

test('a pool cut off at any byte keeps every whole record, and is whole again', async (t) => {
  const whole = Buffer.from(layout(RECORDS));
  for (const cut of casesOf(t, whole.length + 1)) {
    const left = recordsWithin(RECORDS, cut);
    await checkCase(`cut at ${cut}`, checkMended(whole.subarray(0, cut), left));
  }
});

test('an append that stopped after any byte costs only the record it stopped in', async (t) => {
  for (const old of [RECORDS.slice(0, 3), RECORDS.slice(5), []]) {
    const all = [...old, ...RECORDS.slice(2, 5)];
    const [before, behind] = [Buffer.from(layout(old)), Buffer.from(layout(all))];
    const start = before.length - '\n]\n'.length;
    for (const bytes of casesOf(t, behind.length - start + 1)) {
      const end = start + bytes;
      const content = Buffer.concat([behind.subarray(0, end), before.subarray(end)]);
      const left = recordsWithin(all, end);
      await checkCase(`${old.length} records + ${bytes} bytes`, checkMended(content, left));
    }
  }
});

test('a pool that was made longer and not filled is what stands before the NUL bytes', async (t) => {
  const whole = Buffer.from(layout(RECORDS));
  const longAt = 200;
  for (const cut of new Set([longAt, ...casesOf(t, whole.length + 1)])) {
    const length = cut === longAt ? 2 ** 21 + 3 : [1, 3, 4096][cut % 3];
    const content = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(length as number)]);
    const what = `${length} NUL bytes behind byte ${cut}`;
    await checkCase(what, checkMended(content, recordsWithin(RECORDS, cut)));
  }
});

const WHITE = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('', '\n', '\r\n', ' ', '  \n\t') },
  // More than is read in one go with what is on both sides of it.
  { weight: 1, arbitrary: fc.constant(' '.repeat(5000)) },
);
const JSON_OBJECT = fc.dictionary(
  fc.string({ unit: ANY_CHARACTER, maxLength: 6 }),
  fc.jsonValue({ stringUnit: ANY_CHARACTER, maxDepth: 3 }),
  { maxKeys: 4 },
);
const FOREIGN = fc
  .tuple(JSON_OBJECT, fc.constantFrom(0, 0, 2, '\t'), fc.constantFrom('\n', '\r\n', ' '))
  .map(([object, indent, newline]) =>
    JSON.stringify(object, null, indent).replaceAll('\n', newline),
  );
const OWN = JSON_OBJECT.map((object) => JSON.stringify(object));
const LEAD = fc.oneof(
  { weight: 15, arbitrary: WHITE },
  // So that some record lies across the end of what is read at a time.
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 300 }).map((less) => ' '.repeat(2 ** 20 - less)),
  },
);

test('any JSON array of objects is read to the byte, kept to the byte and appended to', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', '', '\uFEFF'),
      LEAD,
      fc.array(fc.tuple(WHITE, FOREIGN, WHITE), { maxLength: 8 }),
      WHITE,
      fc.array(fc.array(OWN, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
      async (mark, lead, foreign, end, batches) => {
        const array = foreign.map((parts) => parts.join('')).join(',');
        const content = Buffer.from(`${mark}${lead}[${array}${end}]${end}`);
        await withJournal(content, async ({ journal, records, lines }) => {
          const texts = foreign.map(([, text]) => text);
          assert.deepEqual(
            records.map(({ json, value }) => [json, value]),
            texts.map((text) => [text, JSON.parse(text)]),
          );
          const last = records.at(-1);
          const keptBytes = last ? last.offset + last.length : content.indexOf('[') + 1;
          const kept = content
            .subarray(0, keptBytes)
            .toString()
            .replace(/^\uFEFF/, '   ');
          for (const batch of batches) {
            for (const text of batch) journal.append(text);
            texts.push(...batch);
            await journal.saved();
            const now = fs.readFileSync(file);
            assert.ok(now.toString().startsWith(kept), 'what was there is kept');
            assert.deepEqual(
              JSON.parse(now.toString()),
              texts.map((text) => JSON.parse(text)),
            );
            // Behind it may be spaces, over what stood there before.
            const length = Buffer.byteLength(`${now.toString().trimEnd()}\n`);
            assert.deepEqual([journal.bytes, journal.unsavedBytes], [length, 0]);
          }
          if (batches.length === 0) assert.ok(fs.readFileSync(file).equals(content));
          const numbers = [...texts.keys()];
          for (const asked of [numbers, numbers.toReversed()]) {
            const read = await journal.read(asked);
            assert.deepEqual(
              read.map(String),
              asked.map((number) => texts[number]),
            );
          }
          assert.deepEqual(lines, []);
        });
      },
    ),
    { seed: newSeed(t), numRuns: runsOf(300) },
  );
});

test('what waits for the disk keeps nothing in memory of what it came in', () =>
  withJournal(Buffer.from(layout(RECORDS)), async ({ journal }) => {
    setFlagsFromString('--expose-gc');
    const usedBytes = () => {
      runInNewContext('gc')();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = usedBytes();
    const added = Array.from({ length: 1000 }, (_, i) => `{"id":"new, €","number":${i}}`);
    // As in a frame: the record is a part of a long one.
    const frameOf = (json: string) => Buffer.from(`${json}${' '.repeat(100_000)}`);
    for (const json of added.slice(0, 500)) {
      journal.append(frameOf(json).toString().slice(0, json.length));
    }
    for (const json of added.slice(500)) {
      journal.appendBytes({ buffer: frameOf(json), start: 0, end: Buffer.byteLength(json) });
    }
    const heldBytes = usedBytes() - before;
    assert.ok(heldBytes < 15_000_000, `${heldBytes} bytes`);
    await journal.saved();
    assert.equal(fs.readFileSync(file, 'utf8'), layout([...RECORDS, ...added]));
  }));
