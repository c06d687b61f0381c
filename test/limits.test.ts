import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { LIMITS, VERSION } from '../node-1/config.js';
import { PROJECT } from './helpers.js';

/** The rows of all tables in a file that begin with a name in code and a number. */
async function numbersIn(file: string): Promise<[name: string, value: number][]> {
  const text = await fs.readFile(join(PROJECT, file), 'utf8');
  const rows = text.matchAll(/^\| `(\w+)` \| ([\d,.]+) \| \S/gm);
  return [...rows].map(([, name, value]) => [String(name), Number(value?.replaceAll(',', ''))]);
}

test('the README has each limit, once, as it is in the code and in that order', async () => {
  assert.deepEqual(await numbersIn('README.md'), Object.entries(LIMITS));
});

test('what SECURITY.md says of limits is so', async () => {
  const rows = await numbersIn('SECURITY.md');
  assert.ok(rows.length > 10);
  for (const [name, value] of rows) {
    assert.equal(Object.entries(LIMITS).find(([each]) => each === name)?.[1], value, name);
  }
});

test('the version that a node shows is that of the package', async () => {
  assert.equal(VERSION, (await fs.readJson(join(PROJECT, 'package.json'))).version);
});
