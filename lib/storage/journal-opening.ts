/** Opens the file of a journal: reads it, and mends its end if a kill or a loss of power has torn it. */

import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { count, fail, type Log, reason } from '../log.js';
import { type ArrayReader, type Ending, readArrayFile } from './array-file.js';
import { BrokenFileError, type Element, type ParseElement } from './element-reader.js';
import { shortName } from './identity.js';
import { readRest, wholeLines } from './lost-pages.js';
import { syncFolder, writeAll } from './places.js';
import { CLOSING, OPENING } from './record-table.js';
import { finishRewriting } from './rewriting.js';

const NEWLINE = 0x0a;
/** How much is read at a time to count lines. */
const PART_BYTES = 1024 * 1024;
/** A line says how far it is each time that a file takes so long. */
const PROGRESS_MS = 1000;

/** A file that can be appended to. */
export interface OpenFile<T> {
  readonly handle: FileHandle;
  readonly ending: Ending;
  /** Whole records behind pages that were lost, which the file does not hold any more. */
  readonly loose: readonly Element<T>[];
}

/**
 * Opens a file that holds a JSON array of objects, and creates it if it does not exist. A torn end
 * is moved to `<file>.torn`, and a line says so. If the file is broken in another place, or is not
 * an array of objects, the process ends with one line and the file stays as it is.
 *
 * @param onRecord is called with each record in the file, the oldest first
 * @param log is told of a torn end, and how far it is with a file that takes long
 */
export async function openJournalFile<T>(
  file: string,
  parse: ParseElement<T>,
  onRecord: (record: Element<T>) => void,
  log: Log,
): Promise<OpenFile<T>> {
  const handle = await openOrFail(file, log);
  const onProgress = progressLines(file, log);
  const ending = await readOrFail(file, handle.fd, { parse, onElement: onRecord, onProgress });
  const { end, size, isClosed, hasLostPages } = ending;
  const rest = isClosed ? Buffer.alloc(0) : readRest(handle.fd, end, size);
  try {
    await mend(file, handle, ending, rest, log);
  } catch (error) {
    fail(`${shortName(file)} cannot be mended: ${reason(error)}`);
  }
  return { handle, ending, loose: hasLostPages ? wholeLines(rest, parse) : [] };
}

async function openOrFail(file: string, log: Log): Promise<FileHandle> {
  try {
    // Not 'a+', which appends whatever the position, nor 'r+', which makes no file.
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT);
    if (await finishRewriting(handle)) log('mended', `${shortName(file)} was being written anew`);
    return handle;
  } catch (error) {
    return fail(`${shortName(file)} cannot be opened: ${reason(error)}`);
  }
}

/** Returns a function that says how far it is, now and then. */
function progressLines(file: string, log: Log): (bytes: number, size: number) => void {
  let toldMs = performance.now();
  return (bytes, size) => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    log('checking', `${shortName(file)}, ${Math.floor((100 * bytes) / size)} % so far`);
  };
}

async function readOrFail<T>(file: string, fd: number, reader: ArrayReader<T>): Promise<Ending> {
  try {
    return await readArrayFile(fd, reader);
  } catch (error) {
    const line = error instanceof BrokenFileError ? `line ${lineAt(fd, error.offset)}: ` : '';
    return fail(`${shortName(file)}, ${line}${reason(error)}; mend it, or move it away`);
  }
}

/** The number of the line at an offset. The file may be longer than the longest string. */
function lineAt(fd: number, offset: number): number {
  const part = Buffer.alloc(PART_BYTES);
  let line = 1;
  for (let at = 0, read = 1; at < offset && read > 0; at += read) {
    read = readSync(fd, part, 0, Math.min(part.length, offset - at), at);
    for (const byte of part.subarray(0, read)) if (byte === NEWLINE) line += 1;
  }
  return line;
}

/**
 * Closes an array that lacks its end, and cuts off NUL bytes. A torn record is kept in a file of its
 * own, so that nothing is lost, and is on disk there before it is cut off here.
 */
async function mend(
  file: string,
  handle: FileHandle,
  { end, size, isClosed, hasLostPages }: Ending,
  rest: Buffer,
  log: Log,
): Promise<void> {
  const name = shortName(file);
  // A write that got no further than its comma leaves the old bracket. All is in the old version still
  // of which a new one was begun.
  const old = /^(\xEF\xBB\xBF)?\s*,?\s*\]?\s*(#r[\s\S]*)?/;
  const torn = withoutNuls(rest).replace(old, '');
  const unfilled = (await handle.stat()).size - size;
  if (torn !== '') await keepTorn(`${file}.torn`, `${torn}\n`, (await handle.stat()).mode);
  if (isClosed && unfilled > 0) await handle.truncate(size);
  if (!isClosed) {
    await handle.truncate(end);
    await writeAll(handle, end === 0 ? Buffer.concat([OPENING, CLOSING]) : CLOSING, end);
  }
  // What a killed node wrote may not be on disk yet, although it is read.
  await handle.datasync();
  // The file may be new.
  if (end === 0) await syncFolder(dirname(file));
  const bytes = count(torn.length, 'byte');
  if (hasLostPages) {
    log(
      'mended',
      `${name} lacks a part, as after a loss of power: the ${bytes} behind it are now in ${name}.torn`,
    );
  } else if (torn !== '') {
    log('mended', `${name} ended within a record: the ${bytes} of it are now in ${name}.torn`);
  } else if (!isClosed && end > 0) {
    log('mended', `${name} lacked its closing bracket`);
  } else if (unfilled > 0) {
    log('mended', `${name} ended in ${count(unfilled, 'byte')} without content`);
  }
}

/** Each byte as one character. */
function withoutNuls(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('\0', '');
}

/**
 * Appends to a file, and resolves when that is on disk.
 *
 * @param mode of a new file: whoever may not read the one may not read the other
 */
async function keepTorn(file: string, text: string, mode: number): Promise<void> {
  const handle = await open(file, 'a', mode & 0o777);
  try {
    await handle.writeFile(text, 'latin1');
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
}
