/**
 * The chain: every block from the genesis on, in blocks.json. Memory holds the headers, and the
 * keys of the transactions in the blocks.
 */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '../limits.js';
import { fail, type Log } from '../log.js';
import { KeySet } from '../pool/key-set.js';
import { keepCopy } from '../storage/copies.js';
import type { Element } from '../storage/element-reader.js';
import { shortName } from '../storage/identity.js';
import { type Journal, openJournal } from '../storage/journal.js';
import type { Disk } from '../storage/persistence.js';
import { type Block, type Header, readBlock } from '../wire/block.js';
import type { Locator } from '../wire/block-messages.js';
import type { Key } from '../wire/key.js';
import { GENESIS, whyBadContent, whyNotNext } from './block.js';
import { doublingHeights, evenHeights } from './locator-heights.js';

const FILE_NAME = 'blocks.json';
/** The name of a copy ends with the height and the first digits of the hash of its last block. */
const COPY = /^\d+-[0-9a-f]{8}$/;

/** What the page shows of a block; `transactions` is their number. */
export interface BlockSummary {
  readonly height: number;
  readonly hash: string;
  readonly timestamp: number;
  readonly transactions: number;
}

export class Chain {
  /** By height. */
  readonly #headers: Header[] = [];
  /** By height: the place after the keys of that block. */
  readonly #keysUntil: number[] = [];
  readonly #keys = new KeySet();
  readonly #file: string;
  #journal!: Journal;

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Reads the chain from blocks.json in a folder, and begins one if there is none. If the file is
   * not an array of blocks that follow one another, the process ends with one line and the file
   * stays as it is.
   *
   * @param log is told about slow progress, a mended file, and a disk that refuses
   */
  static async open(folder: string, log: Log): Promise<Chain> {
    const file = join(folder, FILE_NAME);
    const chain = new Chain(file);
    rmSync(chain.forkFile, { force: true });
    const take = ({ value }: Element<Block | undefined>) => {
      chain.#add(chain.#checkedOrFail(value));
      return true;
    };
    const takeLoose = ({ value }: Element<Block | undefined>) => {
      const block = chain.#checked(value);
      if (typeof block !== 'string') chain.#add(block);
      return typeof block !== 'string';
    };
    chain.#journal = await openJournal(file, { parse: readBlock, take, takeLoose }, log);
    if (chain.#headers.length === 0) chain.append(GENESIS);
    return chain;
  }

  /** The file for the blocks of a fork. What a killed node left there is useless. */
  get forkFile(): string {
    return `${this.#file}.fork`;
  }

  get height(): number {
    return this.#headers.length - 1;
  }

  /** The height of the latest block that is on disk. */
  get savedHeight(): number {
    return Math.min(this.#journal.savedCount, this.#headers.length) - 1;
  }

  /** The header of the latest block. */
  get tip(): Header {
    return this.#headers.at(-1) as Header;
  }

  headerAt(height: number): Header | undefined {
    return this.#headers[height];
  }

  /** The latest blocks, newest first. */
  latest(limit: number): BlockSummary[] {
    return this.#headers
      .slice(-limit)
      .reverse()
      .map(({ height, hash, timestamp }) => {
        const until = this.#keysUntil[height] as number;
        const transactions = until - (this.#keysUntil[height - 1] ?? 0);
        return { height, hash, timestamp, transactions };
      });
  }

  /**
   * Whether a transaction is in a block.
   *
   * @param height of the last block to look at
   */
  has(key: Key, height = this.height): boolean {
    const place = this.#keys.placeOf(key);
    return place !== undefined && place < (this.#keysUntil[height] as number);
  }

  /** The height of the block that holds a transaction; undefined if none does. */
  heightOf(key: Key): number | undefined {
    const place = this.#keys.placeOf(key);
    if (place === undefined) return undefined;
    let [low, high] = [0, this.height];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (place < (this.#keysUntil[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The keys of the transactions in a block. */
  keysOf(height: number): Key[] {
    const keys: Key[] = [];
    const until = this.#keysUntil[height] ?? 0;
    for (let place = this.#keysUntil[height - 1] ?? 0; place < until; place++) {
      keys.push(this.#keys.at(place));
    }
    return keys;
  }

  /** Returns why there is no room for a block; undefined if there is. */
  whyNoRoom(block: Block): string | undefined {
    if (this.#journal.bytes + block.json.length > LIMITS.chainBytes) {
      return `the chain is full, at ${LIMITS.chainBytes} bytes`;
    }
    if (this.#journal.unsavedBytes > LIMITS.unsavedBytes) return 'the disk takes nothing more';
    return undefined;
  }

  /** Size of the file in bytes, once all blocks are on disk. */
  get bytes(): number {
    return this.#journal.bytes;
  }

  /** The disk under its file. */
  get disk(): Disk {
    return this.#journal;
  }

  /** Size of the file up to the end of a block, in bytes. */
  bytesTo(height: number): number {
    return this.#journal.endOf(height);
  }

  /** Whether blocks come faster than the disk takes them. */
  get isDiskBehind(): boolean {
    return this.#journal.unsavedBytes > LIMITS.backlogBytes;
  }

  /** Appends a block. The caller has checked that it is valid here. */
  append(block: Block): void {
    this.#add(block);
    this.#journal.append(block.json);
    this.#journal.saved();
  }

  /** Resolves when all blocks are on disk. */
  saved(): Promise<void> {
    return this.#journal.saved();
  }

  /**
   * Removes the latest blocks. Nothing may be read or appended until it is done.
   *
   * @param height of the last block that stays
   */
  async truncate(height: number): Promise<void> {
    this.#keys.truncate(this.#keysUntil[height] as number);
    this.#headers.length = height + 1;
    this.#keysUntil.length = height + 1;
    await this.#journal.truncate(height + 1);
  }

  /** A locator of our whole chain, denser towards the tip. */
  locator(): Locator {
    return this.#namesOf(doublingHeights(this.height));
  }

  /** A locator from the tip down to a block that is common to both chains. */
  locatorDownTo(common: number): Locator {
    return this.#namesOf(evenHeights(this.height, common, LIMITS.locatorEntries));
  }

  /** The headers after the first block of a locator that is in our chain, as one answer holds. */
  headersAfter(locator: Locator): Header[] {
    const first = this.#heightAfter(locator);
    return this.#headers.slice(first, Math.min(first + LIMITS.headers, this.#journal.savedCount));
  }

  /**
   * Reads the blocks after the first block of a locator that is in our chain, as one answer holds.
   *
   * @returns the text of each
   */
  blocksAfter(locator: Locator): Promise<Buffer[]> {
    return this.read(this.#heightAfter(locator));
  }

  /** Reads the texts of blocks from a height on, of those on disk as many as one answer holds. */
  read(from: number): Promise<Buffer[]> {
    const heights: number[] = [];
    const before = this.#keysUntil[from - 1] ?? 0;
    let bytes = 0;
    for (let height = from; height < this.#journal.savedCount; height++) {
      bytes += this.#journal.lengthOf(height);
      const transactions = (this.#keysUntil[height] as number) - before;
      const isFull = bytes > LIMITS.answerBytes || transactions > LIMITS.answerTransactions;
      if (isFull && heights.length > 0) break;
      heights.push(height);
    }
    return this.#journal.read(heights);
  }

  /** Reads the text of the latest block that is on disk. */
  readLatest(): Promise<Buffer> {
    return this.readAt(this.#journal.savedCount - 1);
  }

  /** Reads the text of a block that is on disk. */
  async readAt(height: number): Promise<Buffer> {
    const [text] = await this.#journal.read([height]);
    return text as Buffer;
  }

  /** Keeps a copy of the file, and deletes the oldest copies. */
  async keepCopy(): Promise<void> {
    const { height, hash } = this.tip;
    await this.saved();
    await keepCopy(this.#file, `${height}-${hash.slice(0, 8)}`, COPY, LIMITS.chainCopies);
  }

  #heightAfter(locator: Locator): number {
    const ours = locator.find(({ height, hash }) => this.#headers[height]?.hash === hash);
    return ours === undefined ? Infinity : ours.height + 1;
  }

  #namesOf(heights: readonly number[]): Locator {
    return heights.map((height) => {
      const { hash } = this.#headers[height] as Header;
      return { height, hash };
    });
  }

  #add(block: Block): void {
    const { transactions, json: _, ...header } = block;
    this.#headers.push(header);
    for (const { key } of transactions) this.#keys.add(key);
    this.#keysUntil.push(this.#keys.places);
  }

  #checkedOrFail(read: Block | undefined): Block {
    const height = this.#headers.length;
    const block = this.#checked(read);
    if (typeof block !== 'string') return block;
    return fail(`${shortName(this.#file)}, block ${height}: ${block}; mend it, or move it away`);
  }

  /** Returns a block if it is the next one, or why it is not that. */
  #checked(block: Block | undefined): Block | string {
    return block === undefined ? 'it is none' : (this.#whyInvalid(block) ?? block);
  }

  /** By the rules alone: the time was checked when the block came, and the clock may differ now. */
  #whyInvalid(block: Block): string | undefined {
    if (this.#headers.length > 0) {
      return whyNotNext(block, this.tip) ?? whyBadContent(block, (key) => this.has(key));
    }
    return block.json === GENESIS.json ? undefined : 'it is another genesis than ours';
  }
}
