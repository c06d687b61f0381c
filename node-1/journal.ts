/**
 * A JSON array in a file that is appended to, a record a line, and is whole between two writes:
 *
 *   [
 *   {"id":1},
 *   {"id":2}
 *   ]
 *
 * An append is one write over the closing bracket that ends in a new one. Whoever is killed in
 * the middle of it leaves a torn last line, which the next start takes away.
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
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokenFileError, type Element, type Ending, readArrayFile } from './array-file.js';
import { LIMITS } from './config.js';
import { fail } from './fail.js';
import { reason, shortName } from './files.js';
import { count, type Log } from './log.js';

const OPENING = Buffer.from('[');
const FIRST_LEAD = Buffer.from('\n');
const LEAD = Buffer.from(',\n');
const CLOSING = Buffer.from('\n]\n');
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** Records nearer than this are read in one go. */
const GAP_BYTES = 4096;
const READ_BYTES = 1024 * 1024;
/** A larger write would keep the event loop, and a disk that is nearly full, from other things. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** Where in the file a record is, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Opens a journal, and makes its file if there is none. A torn end is taken away, with one line
 * that says so, and kept in a file of its own. Ends the process with one line, the file
 * untouched, when it is broken elsewhere, or is no array of objects.
 *
 * @param onRecord is called with each record in the file, the oldest first
 * @param log hears of a disk that refuses to take the journal later on
 */
export async function openJournal(
  file: string,
  onRecord: (record: Element) => void,
  log: Log,
): Promise<Journal> {
  const handle = await openOrFail(file);
  const ending = readOrFail(file, handle.fd, onRecord);
  mend(file, handle.fd, ending, log);
  return new Journal(file, handle, ending, log);
}

export class Journal {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #log: Log;
  /** The end of the last record on disk, and of the last one of all. */
  #savedEnd: number;
  #end: number;
  #isEmpty: boolean;
  /** Whether something else than our closing may stand behind the records on disk. */
  #isForeign = true;
  #isFailing = false;
  /** The bytes to append, in pieces. */
  #unsaved: Buffer[] = [];
  /** One for all who wait for the same write, so that they go on in the order they came in. */
  #saved = Promise.resolve();
  /** Whether a write is asked for that has not begun. */
  #isQueued = false;

  constructor(file: string, handle: FileHandle, ending: Ending, log: Log) {
    this.#file = file;
    this.#handle = handle;
    this.#log = log;
    this.#isEmpty = ending.count === 0;
    this.#savedEnd = Math.max(ending.end, OPENING.length);
    this.#end = this.#savedEnd;
  }

  /** How long the file is, or will be once all is on disk. */
  get bytes(): number {
    return this.#end + CLOSING.length;
  }

  /** How much of that is not on disk yet. */
  get unsavedBytes(): number {
    return this.#end - this.#savedEnd;
  }

  /**
   * Adds a record.
   *
   * @param json its text, without line breaks
   * @returns where it will be once it is on disk
   */
  append(json: Buffer): Place {
    const lead = this.#isEmpty ? FIRST_LEAD : LEAD;
    this.#isEmpty = false;
    this.#unsaved.push(lead, json);
    const place = { offset: this.#end + lead.length, length: json.length };
    this.#end = place.offset + place.length;
    return place;
  }

  /**
   * Resolves when all that has been added is on disk. One write at a time; what is added during
   * it goes out with the next one. A disk that refuses is logged once, and asked
   * again until it takes the records.
   */
  saved(): Promise<void> {
    if (this.#unsaved.length > 0 && !this.#isQueued) {
      this.#isQueued = true;
      this.#saved = this.#saved.then(() => {
        this.#isQueued = false;
        return this.#save();
      });
    }
    return this.#saved;
  }

  /** Whether the disk has refused the last write. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Tells whether what begins at an offset is on disk. */
  isSaved(offset: number): boolean {
    return offset < this.#savedEnd;
  }

  /**
   * Reads records that are on disk; neighbours, in the order of the file, in one go.
   *
   * @throws Error when they cannot be read
   */
  async read(places: readonly Place[]): Promise<Buffer[]> {
    const records: Buffer[] = [];
    while (records.length < places.length) {
      const run = firstRun(places.slice(records.length));
      const { offset: start } = run[0] as Place;
      const last = run.at(-1) as Place;
      const bytes = Buffer.allocUnsafe(last.offset + last.length - start);
      const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error(`${shortName(this.#file)} is cut short`);
      for (const { offset, length } of run) {
        records.push(bytes.subarray(offset - start, offset - start + length));
      }
    }
    return records;
  }

  /** Saves what there is now; what is added meanwhile is the next one's. */
  async #save(): Promise<void> {
    for (const end = this.#end; this.#savedEnd < end; ) {
      const pieces = this.#takeUnsaved();
      try {
        await this.#append(Buffer.concat(pieces));
        if (this.#isFailing) this.#log('saved again', shortName(this.#file));
        this.#isFailing = false;
      } catch (error) {
        const what = `${shortName(this.#file)} (${reason(error)}), trying again`;
        if (!this.#isFailing) this.#log('not saved', what);
        this.#isFailing = true;
        this.#unsaved = [...pieces, ...this.#unsaved];
        await this.#close().catch(() => {});
        await sleep(LIMITS.saveRetryMs);
      }
    }
  }

  /** Takes the oldest records, with what leads to each, as many as go into one write. */
  #takeUnsaved(): Buffer[] {
    let bytes = 0;
    const end = this.#unsaved.findIndex((piece, index) => {
      bytes += piece.length;
      return index % 2 === 0 && index > 0 && bytes > WRITE_BYTES;
    });
    return this.#unsaved.splice(0, end < 0 ? this.#unsaved.length : end);
  }

  async #append(records: Buffer): Promise<void> {
    const rest = this.#isForeign ? await this.#foreignRest() : 0;
    const spaces = Buffer.alloc(Math.max(0, rest - records.length - CLOSING.length), ' ');
    await this.#write(Buffer.concat([records, CLOSING, spaces]), this.#savedEnd);
    await this.#handle.datasync();
    this.#isForeign = false;
    this.#savedEnd += records.length;
  }

  /**
   * How many bytes are behind the last record of a file that we have not written: spaces are
   * written over what an append leaves of them, and over a byte order mark, which is no JSON.
   */
  async #foreignRest(): Promise<number> {
    const { buffer: head } = await this.#handle.read(Buffer.alloc(3), 0, 3, 0);
    if (head.equals(BYTE_ORDER_MARK)) await this.#write(Buffer.from('   '), 0);
    return (await this.#handle.stat()).size - this.#savedEnd;
  }

  /**
   * A refused write may have left its beginning: what is on disk is whole without it. A bracket
   * alone fits in where there was one, however full the disk.
   */
  async #close(): Promise<void> {
    await this.#write(Buffer.from(']'), this.#savedEnd);
    await this.#handle.truncate(this.#savedEnd + 1);
    this.#isForeign = true;
  }

  /** A file system that is nearly full may take a part of what it is given. */
  async #write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const length = bytes.length - done;
      const { bytesWritten } = await this.#handle.write(bytes, done, length, position + done);
      done += bytesWritten;
    }
  }
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
 * there of a torn record is kept in a file of its own, whoever wrote it.
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
