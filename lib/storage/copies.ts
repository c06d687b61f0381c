/** Copies of a file that is about to be changed. */

import { copyFile, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Copies a file to `<file>.<mark>`, and deletes the oldest of its copies.
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
  await copyFile(file, `${file}.${mark}`);
  const folder = dirname(file);
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
