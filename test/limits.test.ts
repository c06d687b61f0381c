import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { configurationDocument, readLimits } from '../docs/write-limits.js';
import { SETTINGS } from '../lib/env.js';
import { LIMITS, VERSION } from '../lib/limits.js';
import { PROJECT } from './support/helpers.js';

function read(file: string): Promise<string> {
  return fs.readFile(join(PROJECT, file), 'utf8');
}

/** The rows of all tables in a text that begin with a name in code and a number. */
function numbersIn(text: string): [name: string, value: number][] {
  const rows = text.matchAll(/^\| `(\w+)` \| ([\d,.]+) \| \S/gm);
  return [...rows].map(([, name, value]) => [String(name), Number(value?.replaceAll(',', ''))]);
}

test('each limit has a comment and a section', () => {
  const limits = readLimits().flatMap((section) => section.limits);
  assert.deepEqual(
    limits.map(({ name }) => name),
    Object.keys(LIMITS),
  );
  assert.deepEqual(
    limits.filter(({ comment }) => comment === undefined),
    [],
  );
});

test('docs/configuration.md has the limits as npm run docs writes them', async () => {
  const text = await read('docs/configuration.md');
  assert.equal(text, configurationDocument(), 'run npm run docs');
  assert.deepEqual(numbersIn(text), Object.entries(LIMITS));
});

test('docs/security.md states limits as they are', async () => {
  const rows = numbersIn(await read('docs/security.md'));
  assert.ok(rows.length > 10);
  for (const [name, value] of rows) {
    assert.equal(Object.entries(LIMITS).find(([each]) => each === name)?.[1], value, name);
  }
});

test('docs/configuration.md has a row for each setting, and for no other', async () => {
  const text = await read('docs/configuration.md');
  const names = [...text.matchAll(/^\| `([A-Z][A-Z_]*)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(names.sort(), Object.keys(SETTINGS).sort());
});

test('the version that a node shows is that of the package', async () => {
  assert.equal(VERSION, (await fs.readJson(join(PROJECT, 'package.json'))).version);
});
