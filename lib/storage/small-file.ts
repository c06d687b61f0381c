/** Small files, which are replaced whole at each save, and the name of a file for a person. */

import { statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../log.js';
import { requireFolder } from './identity.js';
import { Persistence } from './persistence.js';

export interface Saver {
  save(): void;
  /** Resolves when every save that was asked for is done. */
  settled(): Promise<void>;
}

/**
 * Creates a saver, which replaces a file, one write at a time. Changes during a write go out with
 * the next one, so a thousand changes cost a few writes. If the disk refuses, one line says so, and
 * the write is repeated until it succeeds.
 *
 * @param text returns the whole content of the file at the moment of writing
 */
export function createSaver(file: string, text: () => string, log: Log): Saver {
  const persistence = new Persistence(shortName(file), log);
  const folder = statSync(dirname(file), { bigint: true });
  const write = async () => {
    await requireFolder(dirname(file), folder);
    await replaceFile(file, text());
  };
  let writing = Promise.resolve();
  let queued: Promise<void> | undefined;

  return {
    save() {
      queued ??= writing.then(() => {
        queued = undefined;
        writing = persistence.write(write);
        return writing;
      });
    },
    settled: () => queued ?? writing,
  };
}

/** How a person would name a file: `node-2/known-peers.json`. */
export function shortName(file: string): string {
  return join(basename(dirname(file)), basename(file));
}

/**
 * Replaces a file in one step. A reader finds the whole old text or the whole new one, also after a
 * crash.
 */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
