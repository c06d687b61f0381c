/**
 * The names of the node folders node-1, node-2 …, and which of them there are. Apart from what clones
 * them: a command that only talks to a node needs no more, and starts faster.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Returns the names of the node folders, node-1 first, in the order of their numbers. A link to a
 * folder is one too.
 *
 * @param root the folder of the node folders
 */
export async function listNodes(root: string): Promise<string[]> {
  const names = (await readdir(root)).filter(isNodeName);
  const isFolder = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(root, name)).catch(() => undefined);
      return found?.isDirectory() === true;
    }),
  );
  return names.filter((_, index) => isFolder[index]).sort((a, b) => numberOf(a) - numberOf(b));
}

export function isNodeName(name: string): boolean {
  return /^node-[1-9]\d*$/.test(name);
}

/** The folder that a person means: `2`, `node-2/` and `./node-2` are node-2. */
export function nodeNameOf(text: string): string {
  const name = text.replace(/^\.[\\/]/, '').replace(/[\\/]+$/, '');
  return /^\d+$/.test(name) ? `node-${name}` : name;
}

/** The 2 of node-2. */
export function numberOf(name: string): number {
  return Number(name.slice('node-'.length));
}
