/**
 * Files of pools that hold only the transactions of the benchmarks: written before a run, and
 * watched from outside while nodes append to them. All records have one length, so the place of a
 * record gives its offset.
 */

import { once } from 'node:events';

import {
  closeSync,
  createWriteStream,
  openSync,
  readFileSync,
  readSync,
  statSync,
  watch,
} from 'node:fs';

import { constants, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from './machine.js';
import { numberAt, TRANSACTION_BYTES, transactionText } from './transactions.js';

/** A file is this opening, the records with a separator between them, and this closing. */
const OPENING = '[\n';
const SEPARATOR = ',\n';
export const CLOSING = '\n]\n';
const RECORD_BYTES = TRANSACTION_BYTES + SEPARATOR.length;

/** Files that were written already. */
const written = new Map<string, Promise<string>>();

const POLL_MS = 2;
const READ_BYTES = 64 * RECORD_BYTES;

/** A file with the transactions of these numbers. Nobody may change it. */
export function poolFile(from: number, to: number): Promise<string> {
  const name = `pool-${from}-${to}.json`;
  const file = written.get(name) ?? writePool(join(tmpdir(), name), from, to);
  written.set(name, file);
  return file;
}

/** Copies the transactions of these numbers to where a node finds and appends to them. */
export async function copyPool(from: number, to: number, target: string): Promise<void> {
  await copyFile(await poolFile(from, to), target, constants.COPYFILE_FICLONE);
}

/** Size of a file with `count` transactions. */
export function poolBytes(count: number): number {
  return OPENING.length + count * RECORD_BYTES - SEPARATOR.length + CLOSING.length;
}

/** Resolves when each of these files holds `count` transactions. */
export async function untilHeld(files: readonly string[], count: number): Promise<void> {
  let waiting = [...files];
  while (waiting.length > 0) {
    waiting = waiting.filter((file) => heldIn(file) < count);
    if (waiting.length > 0) await sleep(POLL_MS);
  }
}

/** Number of whole transactions in a file. */
export function heldIn(file: string): number {
  const records = statSync(file).size - OPENING.length - CLOSING.length + SEPARATOR.length;
  return Math.max(0, Math.floor(records / RECORD_BYTES));
}

/**
 * Checks that each of these files is valid JSON and holds each of the first `count` transactions
 * exactly once.
 *
 * @param pooled how many of them writePool wrote, so that nobody had to deliver them
 * @throws Error if one of them does not
 */
export function checkPools(files: readonly string[], pooled: number, count: number): void {
  const delivered: Buffer[] = [];
  for (let number = pooled; number < count; number++) {
    delivered.push(Buffer.from(transactionText(number)));
  }
  for (const file of files) checkPool(file, pooled, delivered);
}

/** Records when each transaction is in a file. The system reports each write. */
export class PoolWatch {
  /** One time per transaction, from the first that was not there at the beginning. */
  readonly timesMs: number[] = [];
  readonly #file: string;
  readonly #fd: number;
  readonly #from: number;
  readonly #bytes = Buffer.alloc(READ_BYTES);
  readonly #stop: () => void;
  #held: number;

  /** @param from how many transactions the file holds already: those with lower numbers */
  constructor(file: string, from: number) {
    this.#file = file;
    this.#fd = openSync(file, 'r');
    this.#from = from;
    this.#held = from;
    const watcher = watch(file, () => this.#look());
    this.#stop = () => watcher.close();
  }

  close(): void {
    this.#stop();
    closeSync(this.#fd);
  }

  #look(): void {
    const heldNow = heldIn(this.#file);
    while (this.#held < heldNow) {
      const offset = OPENING.length + this.#held * RECORD_BYTES;
      const length = Math.min(READ_BYTES, (heldNow - this.#held) * RECORD_BYTES);
      readSync(this.#fd, this.#bytes, 0, length, offset);
      const atMs = nowMs();
      for (let at = 0; at < length; at += RECORD_BYTES) {
        this.timesMs[numberAt(this.#bytes, at) - this.#from] = atMs;
      }
      this.#held += length / RECORD_BYTES;
    }
  }
}

/** A file with the right text at each place, and the right text between, is valid JSON. */
function checkPool(file: string, pooled: number, delivered: readonly Buffer[]): void {
  const bytes = readFileSync(file);
  const count = pooled + delivered.length;
  const isHeld = new Uint8Array(count);
  if (heldIn(file) !== count || bytes.toString('latin1', 0, OPENING.length) !== OPENING) {
    throw new Error(`${file} does not hold ${count} transactions`);
  }
  for (let place = 0; place < count; place++) {
    const start = OPENING.length + place * RECORD_BYTES;
    const end = start + TRANSACTION_BYTES;
    const number = numberAt(bytes, start);
    const isText = number < pooled || delivered[number - pooled]?.compare(bytes, start, end) === 0;
    const after = place < count - 1 ? SEPARATOR : CLOSING;
    const isEnded = bytes.toString('latin1', end, end + after.length) === after;
    if (isHeld[number] !== 0 || !isText || !isEnded) {
      throw new Error(`${file} holds ${bytes.toString('utf8', start, end)} at ${place}`);
    }
    isHeld[number] = 1;
  }
}

async function writePool(file: string, from: number, to: number): Promise<string> {
  const stream = createWriteStream(file);
  for (let number = from; number < to; number++) {
    const text = `${number === from ? OPENING : SEPARATOR}${transactionText(number)}`;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end(CLOSING);
  await once(stream, 'close');
  return file;
}
