/** Which test files `npm test` runs. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from './support/helpers.js';

const namesIn = (folder: string) =>
  readdirSync(join(PROJECT, folder), { recursive: true }) as string[];

/** The files of a pattern such as `test/*\/room.js`. */
function filesOf(pattern: string): string[] {
  const shape = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]+');
  return namesIn('test')
    .map((name) => `test/${name}`)
    .filter((name) => new RegExp(`^${shape}$`).test(name));
}

test('npm test runs each test file once: by itself, or with all others of its room', () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const patterns = String(scripts.test)
    .split(' ')
    .filter((word) => word.startsWith('test/'));
  const started = patterns.flatMap(filesOf);
  const run = started.flatMap((file) =>
    file.endsWith('/room.js')
      ? readdirSync(join(PROJECT, dirname(file)))
          .filter((name) => name.endsWith('.test.js'))
          .map((name) => `${dirname(file)}/${name}`)
      : [file],
  );
  const sources = namesIn('test').filter((name) => name.endsWith('.test.ts'));
  assert.deepEqual(run.sort(), sources.map((name) => `test/${name.replace(/ts$/, 'js')}`).sort());
  assert.ok(patterns.length > 0 && started.every((file) => existsSync(join(PROJECT, file))));
});
