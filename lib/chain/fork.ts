/**
 * A chain that parts from ours at some block and may have more work. Its headers are fetched first.
 * Once they prove more work than our chain has, its blocks are fetched too, into a file of their
 * own, until they outweigh ours.
 */

import { type FileHandle, open, rm } from 'node:fs/promises';
import { LIMITS } from '../limits.js';
import { InvalidBlockError, PeerError } from '../peers/peer-error.js';
import { KeySet } from '../pool/key-set.js';
import { type Place, readPlaces, writeAll } from '../storage/places.js';
import { type Block, type Header, readBlock } from '../wire/block.js';
import type { Key } from '../wire/key.js';
import { isTooEarly, whyBadContent, whyForged, whyNotNext } from './block.js';
import type { Chain } from './chain.js';

/** How many blocks are read back at a time. */
const READ_BLOCKS = 64;

/**
 * Checks that headers follow a parent, one after the other.
 *
 * @throws InvalidBlockError at the first one that does not, or PeerError if its time has not come
 */
export function checkHeaders(headers: readonly Header[], parent: Header): void {
  let last = parent;
  for (const header of headers) {
    const why = whyNotNext(header, last);
    if (why !== undefined) throw new InvalidBlockError(`invalid block ${header.height}: ${why}`);
    if (isTooEarly(header, Date.now())) {
      const hours = ((header.timestamp - Date.now()) / 3_600_000).toFixed(1);
      const why = `${hours} hours ahead of our clock: that one or the other is wrong`;
      throw new PeerError(`block ${header.height} is ${why}`);
    }
    last = header;
  }
}

/**
 * Checks the content of a block.
 *
 * @throws InvalidBlockError
 */
export function checkContent(block: Block, isIncluded: (key: Key) => boolean): void {
  const why = whyBadContent(block, isIncluded);
  if (why !== undefined) throw new InvalidBlockError(`invalid block ${block.height}: ${why}`);
}

export class Fork {
  /** Height of the last block that is also in our chain. */
  readonly commonHeight: number;
  readonly #chain: Chain;
  readonly #file: FileHandle;
  /** The header of that block, and the headers fetched so far. */
  readonly #headers: Header[];
  /** Places in the file of the blocks fetched so far. */
  readonly #places: Place[] = [];
  readonly #keys = new KeySet();
  #end = 0;

  private constructor(chain: Chain, common: Header, file: FileHandle) {
    this.#chain = chain;
    this.commonHeight = common.height;
    this.#headers = [common];
    this.#file = file;
  }

  /** @throws Error if its file cannot be opened */
  static async begin(chain: Chain, common: Header): Promise<Fork> {
    return new Fork(chain, common, await open(chain.forkFile, 'w+'));
  }

  /** The last header fetched so far. */
  get end(): Header {
    return this.#headers.at(-1) as Header;
  }

  /** The header of the last block fetched so far. */
  get tip(): Header {
    return this.#headers[this.#places.length] as Header;
  }

  /** Whether a transaction is in one of the fetched blocks, or in an earlier one. */
  has(key: Key): boolean {
    return this.#keys.placeOf(key) !== undefined || this.#chain.has(key, this.commonHeight);
  }

  /**
   * Adds the next headers.
   *
   * @throws PeerError
   */
  promise(headers: readonly Header[]): void {
    const [first] = headers;
    // A block of our own would cost a reorganisation, and prove no work.
    const isOurs = first && this.#chain.headerAt(first.height)?.hash === first.hash;
    if (isOurs) throw new PeerError('blocks that we have');
    checkHeaders(headers, this.end);
    this.#headers.push(...headers);
  }

  /**
   * Adds the next blocks, which must be those of the headers.
   *
   * @throws PeerError, or another Error if they cannot be stored
   */
  async add(blocks: readonly Block[]): Promise<void> {
    const first = this.#places.length + 1;
    for (const [i, block] of blocks.entries()) {
      const why = whyForged(block);
      if (why !== undefined) throw new InvalidBlockError(`invalid block ${block.height}: ${why}`);
      // With the same hash, its whole header is the one that was checked.
      if (block.hash !== this.#headers[first + i]?.hash) {
        throw new PeerError('its chain has changed meanwhile');
      }
      checkContent(block, (key) => this.has(key));
      for (const { key } of block.transactions) this.#keys.add(key);
    }
    const texts = blocks.map(({ json }) => Buffer.from(json));
    const bytes = texts.reduce((sum, { length }) => sum + length, this.#end);
    if (this.#chain.bytesTo(this.commonHeight) + bytes > LIMITS.chainBytes) {
      throw new PeerError(`the chain would be longer than ${LIMITS.chainBytes} bytes`);
    }
    await writeAll(this.#file, Buffer.concat(texts), this.#end);
    for (const { length } of texts) {
      this.#places.push({ offset: this.#end, length });
      this.#end += length;
    }
  }

  /** Reads the fetched blocks, some at a time. */
  async *blocks(): AsyncGenerator<Block[]> {
    for (let next = 0; next < this.#places.length; next += READ_BLOCKS) {
      const places = this.#places.slice(next, next + READ_BLOCKS);
      const texts = await readPlaces(this.#file, places, this.#chain.forkFile);
      yield texts.map(readStoredBlock);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#chain.forkFile, { force: true });
  }
}

/** Parses a block that we have stored. */
export function readStoredBlock(text: Buffer): Block {
  return readBlock(text.toString()) as Block;
}
