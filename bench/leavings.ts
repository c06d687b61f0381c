/**
 * Cleans up what benchmarks start and write, whichever module does it: when one is interrupted, no
 * module knows everything that there is to end.
 */

import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process may still be writing while its folder is removed. */
const REMOVE_OPTIONS = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };

/**
 * From now on, all temporary folders are in one folder. When this process exits, that folder is
 * removed, and all processes that it has started are killed.
 */
export function leaveNothing(): void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  process.env.TMPDIR = folder;
  process.env.TEMP = folder;
  const children = new Set<ChildProcess>();
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess };
    children.add(child);
    child.once('exit', () => children.delete(child));
  });
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, REMOVE_OPTIONS);
  });
}
