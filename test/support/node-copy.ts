/**
 * A copy of somebody's node in a temporary folder, under folders like those above the original, so
 * that Node.js finds its packages and package.json a folder or two up as it does there. Every test
 * makes one, of a few small files: one call after the other takes a fraction of the processor time
 * that all of them take side by side.
 */

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PROJECT } from './helpers.js';
import { temporaryFolder } from './temporary.js';

/** How many of the folders above a node may hold what it uses. */
const LEVELS = 3;
const NODE_FOLDER = /^node-\d+$/;

export interface NodeCopy {
  /** All of it is below this folder. */
  readonly root: string;
  /** Where the folders node-1, node-2 … are, and copies of the scripts beside the original. */
  readonly beside: string;
}

/**
 * Copies a node to a new temporary folder, as node-1.
 *
 * @param original the folder with its index.js
 * @param prefix of the name of the temporary folder
 */
export function copyNode(original: string, prefix = 'p2p-'): NodeCopy {
  const node = resolve(original);
  const root = temporaryFolder(prefix);
  const above = ancestorsOf(node);
  // The nearest one of them is the innermost one here too.
  const folders = above.map((_, level) =>
    join(root, ...Array(above.length - 1 - level).fill('up')),
  );
  const beside = folders[0] as string;
  mkdirSync(beside, { recursive: true });
  for (const [level, folder] of above.entries()) {
    const isUsed = (name: string) =>
      /^(node_modules|package\.json)$/.test(name) || (level === 0 && isBeside(name, node));
    for (const name of readdirSync(folder).filter(isUsed)) {
      place(join(folder, name), join(folders[level] as string, name));
    }
  }
  const places = [node, ...above].map((folder) => join(folder, 'node_modules'));
  if (!places.some((path) => existsSync(path))) {
    place(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  }
  copyFolder(node, join(beside, 'node-1'));
  return { root, beside };
}

/** Copies a node folder; its packages are linked. */
export function copyFolder(from: string, to: string): void {
  const packages = join(from, 'node_modules');
  cpSync(from, to, { recursive: true, filter: (path) => path !== packages });
  if (existsSync(packages)) place(packages, join(to, 'node_modules'));
}

/** Copies a file, for a script may change what is beside it, and links a folder. */
function place(from: string, to: string): void {
  if (statSync(from).isFile()) copyFileSync(from, to);
  else symlinkSync(from, to, 'junction');
}

/** Whether something beside a node may be of use to it: no other node, source, text or hidden file. */
function isBeside(name: string, node: string): boolean {
  if (/^\.|\.(ts|md)$|^package-lock\.json$/.test(name)) return false;
  return name !== 'up' && name !== basename(node) && !NODE_FOLDER.test(name);
}

/** The folders above one, the nearest first. */
function ancestorsOf(folder: string): string[] {
  const above = [dirname(folder)];
  for (let at = dirname(above[0] as string); above.length < LEVELS; at = dirname(at)) {
    // These hold the things of a whole machine.
    if (at === tmpdir() || at === dirname(at)) break;
    above.push(at);
  }
  return above;
}
