/** Temporary folders that the process which makes them never leaves behind. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];
const TRIES = 100;

// At the very end: something given up may still be writing to them until then, and a little longer.
process.on('exit', () => {
  for (const folder of folders) {
    for (let tries = 0; existsSync(folder) && tries < TRIES; tries++) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});

/**
 * Makes a temporary folder, which is removed when this process exits, if it is still there.
 *
 * @param prefix of its name
 */
export function temporaryFolder(prefix = 'p2p-'): string {
  // At once: a folder that is being made when the process exits would be left.
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}
