/**
 * The file of a journal: opened and mended as it was left, by whomever; parts of it read and written,
 * and all of it written anew.
 */

import {
  appendFileSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { count, fail, type Log, reason } from '../log.js';
import { BrokenFileError, type Element, type Ending, readArrayFile } from './array-file.js';
import { shortName } from './small-file.js';

/** What stands before the first record, before its line and before each other line, and at the end. */
export const OPENING = Buffer.from('[');
export const FIRST_LEAD = Buffer.from('\n');
export const LEAD = Buffer.from(',\n');
export const CLOSING = Buffer.from('\n]\n');

const NEWLINE = 0x0a;
const READ_BYTES = 1024 * 1024;
/** Records nearer than this are read in one go. */
const GAP_BYTES = 4096;

/** Where in a file something is, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Opens a file that holds a JSON array of objects, and makes it if there is none. A torn end is
 * taken away, with one line that says so, and kept in a file of its own. Ends the process with one
 * line, the file untouched, when it is broken elsewhere, or is no array of objects.
 *
 * @param onRecord is called with each record in the file, the oldest first
 */
export async function openJournalFile(
  file: string,
  onRecord: (record: Element) => void,
  log: Log,
): Promise<{ handle: FileHandle; ending: Ending }> {
  const handle = await openOrFail(file);
  const ending = readOrFail(file, handle.fd, onRecord);
  mend(file, handle.fd, ending, log);
  return { handle, ending };
}

/**
 * Reads what is at some places; neighbours, in the order of the file, in one go.
 *
 * @throws Error when they cannot be read
 */
export async function readPlaces(
  handle: FileHandle,
  places: readonly Place[],
  file: string,
): Promise<Buffer[]> {
  const records: Buffer[] = [];
  while (records.length < places.length) {
    const run = firstRun(places.slice(records.length));
    const { offset: start } = run[0] as Place;
    const last = run.at(-1) as Place;
    const bytes = Buffer.allocUnsafe(last.offset + last.length - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new Error(`${shortName(file)} is cut short`);
    for (const { offset, length } of run) {
      records.push(bytes.subarray(offset - start, offset - start + length));
    }
  }
  return records;
}

/** Writes all of it: a file system that is nearly full may take a part of what it is given. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = bytes.length - done;
    const { bytesWritten } = await handle.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}

/**
 * Replaces a file by one with a part of its records: a reader, also after a crash, finds the
 * old one whole or the new one whole.
 *
 * @param old the file as it is
 * @param runs where in it the records are that are kept; what is between those in one run is LEAD
 * @returns the new file
 * @throws Error when it cannot be written; then the old one stays
 */
export async function writeAnew(
  file: string,
  old: FileHandle,
  runs: readonly Place[],
): Promise<FileHandle> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w+');
  let position = 0;
  const write = async (bytes: Buffer) => {
    await writeAll(handle, bytes, position);
    position += bytes.length;
  };
  try {
    await write(OPENING);
    for (const [i, { offset, length }] of runs.entries()) {
      await write(i === 0 ? FIRST_LEAD : LEAD);
      for (let done = 0; done < length; done += READ_BYTES) {
        const part = { offset: offset + done, length: Math.min(READ_BYTES, length - done) };
        for (const bytes of await readPlaces(old, [part], file)) await write(bytes);
      }
    }
    await write(CLOSING);
    await handle.datasync();
    await rename(temporary, file);
    await syncFolder(dirname(file));
    return handle;
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Has the disk know the new name; what is then appended to the file would else be to none. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync();
  await handle?.close();
}

async function openOrFail(file: string): Promise<FileHandle> {
  try {
    // Not 'a+', which appends whatever the position, nor 'r+', which makes no file.
    return await open(file, constants.O_RDWR | constants.O_CREAT);
  } catch (error) {
    return fail(`${shortName(file)} cannot be opened: ${reason(error)}`);
  }
}

function readOrFail(file: string, fd: number, onRecord: (record: Element) => void): Ending {
  try {
    return readArrayFile(fd, onRecord);
  } catch (error) {
    const line = error instanceof BrokenFileError ? `line ${lineAt(fd, error.offset)}: ` : '';
    return fail(`${shortName(file)}, ${line}${reason(error)}; mend it, or move it away`);
  }
}

/** The line that a place in a file is in, also of a file too long for a string. */
function lineAt(fd: number, offset: number): number {
  const part = Buffer.alloc(READ_BYTES);
  let line = 1;
  for (let at = 0, read = 1; at < offset && read > 0; at += read) {
    read = readSync(fd, part, 0, Math.min(part.length, offset - at), at);
    for (const byte of part.subarray(0, read)) if (byte === NEWLINE) line += 1;
  }
  return line;
}

/**
 * Closes an array whose end is missing, and cuts off what a file system has not filled. What is
 * there of a torn record is kept in a file of its own, so that nothing is lost.
 */
function mend(file: string, fd: number, { end, size, isClosed }: Ending, log: Log): void {
  const name = shortName(file);
  const rest = Buffer.alloc(isClosed ? 0 : size - end);
  readSync(fd, rest, 0, rest.length, end);
  // A write that got no further than its comma has left the old bracket.
  const torn = rest.toString('latin1').replace(/^(\xEF\xBB\xBF)?\s*,?\s*\]?\s*/, '');
  const unfilled = fstatSync(fd).size - size;
  try {
    if (torn !== '') appendFileSync(`${file}.torn`, `${torn}\n`, 'latin1');
    if (unfilled > 0) ftruncateSync(fd, size);
    if (!isClosed) {
      ftruncateSync(fd, end);
      writeSync(fd, end === 0 ? Buffer.concat([OPENING, CLOSING]) : CLOSING, 0, null, end);
    }
    fdatasyncSync(fd);
  } catch (error) {
    fail(`${name} cannot be mended: ${reason(error)}`);
  }
  if (torn !== '') {
    const bytes = count(torn.length, 'byte');
    log('mended', `${name} ended within a record: the ${bytes} of it are now in ${name}.torn`);
  } else if (!isClosed && end > 0) {
    log('mended', `${name} lacked its closing bracket`);
  } else if (unfilled > 0) {
    log('mended', `${name} ended in ${count(unfilled, 'byte')} without content`);
  }
}

/** The first of these places, and those that follow on it closely. */
function firstRun(places: readonly Place[]): Place[] {
  const { offset: start } = places[0] as Place;
  let end = start;
  const after = places.findIndex(({ offset, length }, index) => {
    const isNear =
      offset >= end && offset - end <= GAP_BYTES && offset + length - start <= READ_BYTES;
    end = offset + length;
    return index > 0 && !isNear;
  });
  return places.slice(0, after < 0 ? places.length : after);
}
