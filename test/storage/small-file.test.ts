/** A small file, which is replaced whole at each save. */

import assert from 'node:assert/strict';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import fs from 'fs-extra';
import { createSaver } from '../../lib/storage/small-file.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder('small-file-');
const handles: FileHandle[] = [];
let refusals = 0;
const { open } = promises;
mock.method(promises, 'open', async (...args: Parameters<typeof open>) => {
  const handle = await open(...args);
  const write = handle.write.bind(handle);
  mock.method(handle, 'write', async (...what: Parameters<typeof write>) => {
    if (refusals === 0) return write(...what);
    refusals -= 1;
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
  handles.push(handle);
  return handle;
});
syncBuiltinESMExports();

test('a save that the disk refuses is repeated, and leaves no open file behind', async () => {
  const lines: string[] = [];
  const file = join(folder, 'peers.json');
  const saver = createSaver(
    file,
    () => '[]',
    (event) => lines.push(event),
  );
  refusals = 1;
  saver.save();
  await saver.settled();
  assert.deepEqual(lines, ['not saved', 'saved again']);
  assert.equal(await fs.readFile(file, 'utf8'), '[]');
  assert.deepEqual(await fs.readdir(folder), ['peers.json']);
  assert.ok(handles.length > 1);
  assert.deepEqual(
    handles.map(({ fd }) => fd),
    handles.map(() => -1),
  );
});
