/** A large file that is read at the start: nothing else waits for it, and a line says how far it is. */

import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { readArrayFile } from '../../lib/storage/array-file.js';
import { openJournal } from '../../lib/storage/journal.js';
import { temporaryFolder } from '../support/temporary.js';

const RECORDS = Array.from({ length: 100 }, (_, i) => `{"id":${i}}`);
const TEXT = `[\n${RECORDS.join(',\n')}\n]\n`;

const file = join(temporaryFolder('array-file-'), 'transactions.json');
writeFileSync(file, TEXT);

/** Reads the file, with this time between two looks at the clock; counts how often others have a turn. */
async function turnsWhileRead(stepMs: number, read: () => Promise<unknown>): Promise<number> {
  let [nowMs, turns, isRead] = [0, 0, false];
  const clock = mock.method(performance, 'now', () => {
    nowMs += stepMs;
    return nowMs;
  });
  const turn = () => {
    turns += 1;
    if (!isRead) setImmediate(turn);
  };
  setImmediate(turn);
  await read();
  isRead = true;
  clock.mock.restore();
  return turns;
}

test('the event loop has its turns while a file is read, and is told how far that is', async () => {
  const told: number[] = [];
  const found: unknown[] = [];
  const reader = {
    parse: (json: string): unknown => JSON.parse(json),
    onElement: ({ json }: { json: string }) => found.push(json),
    onProgress: (bytes: number, size: number) => {
      assert.equal(size, TEXT.length);
      told.push(bytes);
    },
  };
  const turns = await turnsWhileRead(15, () => readArrayFile(openSync(file, 'r'), reader));
  assert.deepEqual(found, RECORDS);
  assert.ok(turns >= 40, `${turns} turns`);
  assert.ok(told.length >= 40, `${told.length} times`);
  assert.ok(told.every((bytes, i) => bytes > (told[i - 1] ?? 0) && bytes < TEXT.length));
});

test('a line a second says how much of a large file is read; a small one needs none', async () => {
  for (const [stepMs, lines] of [
    [50, 6],
    [0.1, 0],
  ] as const) {
    const said: string[] = [];
    const log = (event: string, detail: string) => said.push(`${event}: ${detail}`);
    const reader = { parse: () => {}, take: () => true, takeLoose: () => true };
    await turnsWhileRead(stepMs, () => openJournal(file, reader, log));
    assert.ok(lines === 0 ? said.length === 0 : said.length >= lines, said.join('\n'));
    const parts = said.map((line) => {
      const [, percent] = /^checking: \S+\/transactions.json, (\d+) % so far$/.exec(line) ?? [];
      assert.ok(percent !== undefined, line);
      return Number(percent);
    });
    assert.ok(
      parts.every((part, i) => part > (parts[i - 1] ?? 0) && part < 100),
      said.join('\n'),
    );
  }
});
