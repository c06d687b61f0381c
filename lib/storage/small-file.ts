/** A node's smaller files, which are replaced whole, and the name of a file for a person. */

import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../log.js';
import { Persistence } from './persistence.js';

export interface Saver {
  save(): void;
  /** Resolves when every save that was asked for is done. */
  settled(): Promise<void>;
}

/**
 * Saves a file again and again, one write at a time. What changes during a write goes out with the
 * next one, so a thousand changes cost a few writes. A disk that refuses is logged once, and tried
 * again until it takes the file.
 *
 * @param text returns the file's whole content at the moment of writing
 */
export function createSaver(file: string, text: () => string, log: Log): Saver {
  const persistence = new Persistence(shortName(file), log);
  let writing = Promise.resolve();
  let queued: Promise<void> | undefined;

  return {
    save() {
      queued ??= writing.then(() => {
        queued = undefined;
        writing = persistence.write(() => replaceFile(file, text()));
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
 * Replaces a file in one step: a reader, also after a crash, finds the whole old text or the whole
 * new text.
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
