/** Files that a person writes, read whole; what is wrong with them, in words. */

import { readFileSync } from 'node:fs';
import { reason } from './log.js';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read or write it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'its folder is no folder',
  EPERM: 'this user may not change it',
  EROFS: 'the disk may only be read',
};

/**
 * Reads a text file, with or without a byte order mark.
 *
 * @throws Error that says in words why it cannot be read; `code` is that of the operating system
 */
export function readTextFile(file: string): string {
  const bytes = readBytes(file);
  // As Windows PowerShell writes what is redirected to a file.
  if (bytes.includes(0)) throw new Error('it has NUL bytes, as UTF-16 has: save it in UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not in UTF-8: save it in UTF-8');
  }
}

/** Why something could not be done with a file, in words that need no manual where that is possible. */
export function explainFileError(error: unknown): string {
  return REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? reason(error);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(explainFileError(error)), { code });
  }
}
