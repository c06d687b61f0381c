/** A node's smaller files, replaced whole; and how to speak of files and their errors. */

import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from './config.js';
import type { Log } from './log.js';

export interface Saver {
  save(): void;
  /** Resolves when every save that was asked for is done. */
  settled(): Promise<void>;
}

/**
 * Saves a file again and again. One write at a time; whatever changes during it goes out
 * together with the next one, so that a thousand changes cost a few writes. A disk that
 * refuses is logged once and tried again until it takes the file.
 *
 * @param text gives the file's whole content at the moment of writing
 */
export function createSaver(file: string, text: () => string, log: Log): Saver {
  let writing = Promise.resolve();
  let queued: Promise<void> | undefined;

  async function write(): Promise<void> {
    for (let isFailing = false; ; isFailing = true) {
      try {
        await replaceFile(file, text());
        if (isFailing) log('saved again', shortName(file));
        return;
      } catch (error) {
        if (!isFailing) log('not saved', `${shortName(file)} (${reason(error)}), trying again`);
        await sleep(LIMITS.saveRetryMs);
      }
    }
  }

  return {
    save() {
      queued ??= writing.then(() => {
        queued = undefined;
        writing = write();
        return writing;
      });
    },
    settled: () => queued ?? writing,
  };
}

/** `node-2/known-peers.json`: how a person would name the file. */
export function shortName(file: string): string {
  return join(basename(dirname(file)), basename(file));
}

/**
 * Replaces a file in one step: whoever reads it, also after a crash, finds the old text whole
 * or the new text whole.
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

/** Why something failed, in one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ');
}
