/**
 * Whether what is at a path is still what was there: a file or folder is known by its device and
 * inode. And what a person calls it.
 */

import { type BigIntStats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export type Identity = Pick<BigIntStats, 'dev' | 'ino'>;

export function isSame(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * What is at a path, behind a link too; undefined for nothing. The system has it in its memory: to have
 * another thread look, before each write, took twenty times the processor time.
 *
 * @throws Error if it cannot be found out
 */
export function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

/** @throws Error if another folder, or none, is at a path by now: another node may be at work there */
export function requireFolder(path: string, folder: Identity): void {
  const found = statOf(path);
  if (found === undefined || !isSame(found, folder)) throw new Error('its folder is gone');
}

/** How a person would name a file: `node-2/known-peers.json`. */
export function shortName(file: string): string {
  return join(basename(dirname(file)), basename(file));
}
