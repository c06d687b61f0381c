/**
 * The records of a journal that are still to be written, as they will stand in the file. A page holds
 * what goes into one write; while it is written, the next records come into another one. Pure.
 */

import { CLOSING, LEAD } from './record-table.js';

/** Where a record stands in a buffer, in UTF-8. */
export interface BytesAt {
  readonly buffer: Buffer;
  /** The offsets of its first byte, and just after its last. */
  readonly start: number;
  readonly end: number;
}

/** How many texts are encoded together. */
const TOGETHER = 64;
/** The size of one write, unless one record is larger. A longer one would hold up the event loop. */
const WRITE_BYTES = 1024 * 1024;
/** What is copied or encoded at once, unless one record is larger. */
const RUN_BYTES = WRITE_BYTES / 2;
const PAGE_BYTES = 64 * 1024;

export class RecordQueue {
  /** The latest records, if they are texts. Each may be a slice of a frame, and keep that in memory. */
  #texts: string[] = [];
  #textBytes = 0;
  /** The latest records, if they stand in one buffer, with LEAD between them. */
  #run: { buffer: Buffer; start: number; end: number } | undefined;
  #runCount = 0;
  /** The records before them: pages that are full, and the one that is being filled. */
  #full: Page[] = [];
  #page = new Page();
  /** The page that was written last. */
  #written = new Page();

  get isEmpty(): boolean {
    return this.#texts.length + this.#runCount + this.#full.length + this.#page.count === 0;
  }

  /** @param bytes the length of the text in UTF-8 */
  add(text: string, bytes: number): void {
    this.#copyRun();
    if (this.#textBytes + bytes > RUN_BYTES) this.#encodeTexts();
    if (this.#texts.length > 0) this.#textBytes += LEAD.length;
    this.#textBytes += bytes;
    this.#texts.push(text);
    if (this.#texts.length === TOGETHER) this.#encodeTexts();
  }

  addBytes(record: BytesAt): void {
    this.#encodeTexts();
    const run = this.#run;
    if (run !== undefined && isNext(record, run)) {
      run.end = record.end;
    } else {
      this.#copyRun();
      this.#run = { buffer: record.buffer, start: record.start, end: record.end };
    }
    this.#runCount += 1;
  }

  /**
   * Takes the oldest records out of the queue, as many as go into one write.
   *
   * @param lead precedes the first of them
   * @returns their bytes as they stand in the file, with CLOSING; they stay the same until the next call
   */
  take(lead: Buffer): { bytes: Buffer; count: number } {
    this.#encodeTexts();
    this.#copyRun();
    const full = this.#full.shift();
    if (full !== undefined) return full.close(lead);
    const page = this.#page;
    this.#page = this.#written;
    this.#page.clear();
    this.#written = page;
    return page.close(lead);
  }

  #encodeTexts(): void {
    const count = this.#texts.length;
    if (count === 0) return;
    const text = this.#texts.join(LEAD.toString());
    this.#pageFor(this.#textBytes).add(count, this.#textBytes, (to, at) => to.write(text, at));
    this.#texts = [];
    this.#textBytes = 0;
  }

  #copyRun(): void {
    if (this.#run === undefined) return;
    const { buffer, start, end } = this.#run;
    const length = end - start;
    this.#pageFor(length).add(this.#runCount, length, (to, at) => buffer.copy(to, at, start, end));
    this.#run = undefined;
    this.#runCount = 0;
  }

  /** The page that is being filled, or a new one if so many more bytes would be too much for it. */
  #pageFor(length: number): Page {
    if (this.#page.count > 0 && this.#page.lengthWith(length) > WRITE_BYTES) {
      this.#full.push(this.#page);
      this.#page = new Page();
    }
    return this.#page;
  }
}

/** Records with LEAD between them, and room for what precedes and follows them in a write. */
class Page {
  count = 0;
  #bytes = Buffer.allocUnsafe(PAGE_BYTES);
  #end = LEAD.length;

  /** How long a write would be in bytes with so many more of them. */
  lengthWith(length: number): number {
    return this.#end + LEAD.length + length + CLOSING.length;
  }

  clear(): void {
    this.count = 0;
    this.#end = LEAD.length;
  }

  /**
   * @param length of the records in bytes
   * @param write puts them into a buffer, at an offset
   */
  add(count: number, length: number, write: (to: Buffer, at: number) => void): void {
    this.#makeRoom(length);
    if (this.count > 0) this.#end += LEAD.copy(this.#bytes, this.#end);
    write(this.#bytes, this.#end);
    this.#end += length;
    this.count += count;
  }

  /** The bytes of a write. */
  close(lead: Buffer): { bytes: Buffer; count: number } {
    const start = LEAD.length - lead.length;
    lead.copy(this.#bytes, start);
    const end = this.#end + CLOSING.copy(this.#bytes, this.#end);
    return { bytes: this.#bytes.subarray(start, end), count: this.count };
  }

  #makeRoom(length: number): void {
    const needed = this.lengthWith(length);
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Whether a record follows others in a buffer, with LEAD between them, and may be copied with them. */
function isNext({ buffer, start, end }: BytesAt, others: BytesAt): boolean {
  const at = others.end;
  if (buffer !== others.buffer || start !== at + LEAD.length) return false;
  return buffer[at] === LEAD[0] && buffer[at + 1] === LEAD[1] && end - others.start <= RUN_BYTES;
}
