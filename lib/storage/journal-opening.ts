/** Opens the file of a journal: reads it, and mends its end if a kill has torn it. */

import {
  appendFileSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { count, fail, type Log, reason } from '../log.js';
import { type Ending, readArrayFile } from './array-file.js';
import { BrokenFileError, type Element } from './element-reader.js';
import { CLOSING, OPENING } from './record-table.js';
import { shortName } from './small-file.js';

const NEWLINE = 0x0a;
/** How much is read at a time to count lines. */
const PART_BYTES = 1024 * 1024;

/**
 * Opens a file that holds a JSON array of objects, and creates it if it does not exist. A torn end
 * is moved to `<file>.torn`, and a line says so. If the file is broken in another place, or is not
 * an array of objects, the process ends with one line and the file stays as it is.
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
 * Closes an array that lacks its end, and cuts off NUL bytes. A torn record is kept in a file of
 * its own, so that nothing is lost.
 */
function mend(file: string, fd: number, { end, size, isClosed }: Ending, log: Log): void {
  const name = shortName(file);
  const rest = Buffer.alloc(isClosed ? 0 : size - end);
  readSync(fd, rest, 0, rest.length, end);
  // A write that got no further than its comma leaves the old bracket.
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
