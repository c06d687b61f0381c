/** Small files, which are replaced whole at each save. */

import { type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../log.js';
import { requireFolder, shortName } from './identity.js';
import { Persistence } from './persistence.js';
import { writeAll } from './places.js';
import { CannotTakePlaceError, Replacement } from './replacement.js';

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
    requireFolder(dirname(file), folder);
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

async function replaceFile(file: string, text: string): Promise<void> {
  const old = await open(file, 'r+').catch(() => undefined);
  try {
    await writeAnew(file, await old?.stat(), text);
  } catch (error) {
    if (!(error instanceof CannotTakePlaceError) || old === undefined) throw error;
    await old.truncate();
    await writeAll(old, Buffer.from(text), 0);
    await old.datasync();
  } finally {
    await old?.close();
  }
}

async function writeAnew(file: string, like: Stats | undefined, text: string): Promise<void> {
  const anew = await Replacement.begin(file, like);
  try {
    await anew.write(Buffer.from(text));
    await (await anew.takePlace()).close();
  } catch (error) {
    await anew.discard();
    throw error;
  }
}
