/** Copies of a file that is about to be changed. */

import { copyFile, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from './places.js';

/**
 * Copies a file to `<file>.<mark>`, and deletes the oldest of its copies. Resolves when the copy is on
 * disk.
 *
 * @param isMark matches the marks of copies, and nothing else
 * @param copies how many copies stay
 */
export async function keepCopy(
  file: string,
  mark: string,
  isMark: RegExp,
  copies: number,
): Promise<void> {
  const folder = dirname(file);
  await copyFile(file, `${file}.${mark}`);
  const copy = await open(`${file}.${mark}`);
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
  await syncFolder(folder);
  const start = `${basename(file)}.`;
  const names = (await readdir(folder)).filter((name) => {
    return name.startsWith(start) && isMark.test(name.slice(start.length));
  });
  const found = await Promise.all(
    names.map(async (name) => ({ name, madeMs: (await stat(join(folder, name))).mtimeMs })),
  );
  found.sort((a, b) => b.madeMs - a.madeMs);
  for (const { name } of found.slice(copies)) await rm(join(folder, name));
}
