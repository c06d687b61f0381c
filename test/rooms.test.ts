/** Which test files `npm test` runs. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from './support/helpers.js';
import { shortTests } from './support/rooms.js';

test('npm test runs each test file once: by itself, or with all others of its room', () => {
  const run = shortTests().flatMap((file) =>
    basename(file) === 'room.js'
      ? readdirSync(dirname(file))
          .filter((name) => name.endsWith('.test.js'))
          .map((name) => join(dirname(file), name))
      : [file],
  );
  const sources = (readdirSync(join(PROJECT, 'test'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(PROJECT, 'test', name.replace(/ts$/, 'js')));
  assert.ok(run.length > 100);
  assert.deepEqual(run.sort(), sources.sort());
});
