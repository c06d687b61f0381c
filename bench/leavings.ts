/**
 * What benchmarks start and write, whoever does it: one that is interrupted may be in the middle of
 * anything, and nobody then knows what there is to end.
 */

import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process may still be writing while its folder is removed. */
const REMOVE_OPTIONS = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };

/**
 * From now on, has all temporary folders be in one, which is removed when this process exits; and
 * all processes that it has started end then.
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
