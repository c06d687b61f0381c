/** A node's own JSON files: read with one clear line for what a person got wrong, replaced whole. */

import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from './config.js';
import { fail } from './fail.js';
import type { Log } from './log.js';

/**
 * Reads a file that a person may have written: a JSON array, or nothing. Ends the process with
 * one line, the file untouched, when it is something else.
 *
 * @returns its text without a byte order mark, and the parsed array; undefined when there is
 * no such file
 */
export function readJsonArray(file: string): { text: string; array: unknown[] } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    // Fatal: a file in another encoding must not be rewritten with its letters replaced.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    const array: unknown = JSON.parse(text.trim() === '' ? '[]' : text);
    if (Array.isArray(array)) return { text, array };
    return fail(`${shortName(file)} is not a JSON array: mend it, or move it away`);
  } catch (error) {
    return fail(`${shortName(file)} cannot be read (${reason(error)}): mend it, or move it away`);
  }
}

export interface Saver {
  /** Its promise is kept when all that had changed when it was called is on disk. */
  save(): Promise<void>;
  /** Its promise is kept when every save that was asked for is done. */
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
      return queued;
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
