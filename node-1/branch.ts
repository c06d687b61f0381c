/**
 * A chain that leaves ours at some block and may have more work. First we are told its headers; once
 * these have more work than our chain, its blocks are fetched. They wait in a file of their own until
 * there are more of them than of ours.
 */

import { type FileHandle, open, rm } from 'node:fs/promises';
import { parseBlock } from './block-messages.js';
import {
  type Block,
  type Header,
  isTooEarly,
  whyBadContent,
  whyForged,
  whyNotNext,
} from './blocks.js';
import { type Chain, FORK_FILE } from './chain.js';
import { LIMITS } from './config.js';
import { type Place, readPlaces, writeAll } from './journal-file.js';
import { type Key, KeySet } from './key-set.js';
import { InvalidBlockError, PeerError } from './peer-error.js';

/** How many blocks are read back at once. */
const READ_BLOCKS = 64;

/**
 * Checks headers that are to follow on another one.
 *
 * @throws PeerError at the first one that cannot
 */
export function checkHeaders(headers: readonly Header[], parent: Header): void {
  let last = parent;
  for (const header of headers) {
    const why = whyNotNext(header, last);
    if (why !== undefined) throw new InvalidBlockError(`invalid block ${header.height}: ${why}`);
    if (isTooEarly(header, Date.now())) {
      throw new PeerError(`block ${header.height} is of a time that has not come yet`);
    }
    last = header;
  }
}

/**
 * Checks what is in a block.
 *
 * @throws InvalidBlockError
 */
export function checkContent(block: Block, isSealed: (key: Key) => boolean): void {
  const why = whyBadContent(block, isSealed);
  if (why !== undefined) throw new InvalidBlockError(`invalid block ${block.height}: ${why}`);
}

export class Branch {
  /** The height of the last block that is in our chain too. */
  readonly fork: number;
  readonly #chain: Chain;
  readonly #file: FileHandle;
  /** The header of that block, and those that we have been told of. */
  readonly #headers: Header[];
  /** Where in the file the blocks are that we have. */
  readonly #places: Place[] = [];
  readonly #keys = new KeySet();
  #end = 0;

  private constructor(chain: Chain, fork: Header, file: FileHandle) {
    this.#chain = chain;
    this.fork = fork.height;
    this.#headers = [fork];
    this.#file = file;
  }

  /** @throws Error when there is no file to be had */
  static async begin(chain: Chain, fork: Header): Promise<Branch> {
    return new Branch(chain, fork, await open(FORK_FILE, 'w+'));
  }

  /** The last header that we have been told of. */
  get end(): Header {
    return this.#headers.at(-1) as Header;
  }

  /** The header of the last block that we have. */
  get tip(): Header {
    return this.#headers[this.#places.length] as Header;
  }

  /** Tells whether a transaction is in one of the blocks that we have, or in an earlier one. */
  has(key: Key): boolean {
    return this.#keys.placeOf(key) !== undefined || this.#chain.has(key, this.fork);
  }

  /**
   * Takes the next headers.
   *
   * @throws PeerError
   */
  promise(headers: readonly Header[]): void {
    const [first] = headers;
    // It would cost a swap, and prove no work.
    const isOurs = first && this.#chain.headerAt(first.height)?.hash === first.hash;
    if (isOurs) throw new PeerError('blocks that we have');
    checkHeaders(headers, this.end);
    this.#headers.push(...headers);
  }

  /**
   * Takes the next blocks, those of the headers.
   *
   * @throws PeerError, or another Error when they cannot be stored
   */
  async add(blocks: readonly Block[]): Promise<void> {
    const first = this.#places.length + 1;
    for (const [i, block] of blocks.entries()) {
      const why = whyForged(block);
      if (why !== undefined) throw new InvalidBlockError(`invalid block ${block.height}: ${why}`);
      // So all of its header is that which has been checked.
      if (block.hash !== this.#headers[first + i]?.hash) {
        throw new PeerError('its chain has changed meanwhile');
      }
      checkContent(block, (key) => this.has(key));
      for (const { key } of block.transactions) this.#keys.add(key);
    }
    const texts = blocks.map(({ json }) => Buffer.from(json));
    const bytes = texts.reduce((sum, { length }) => sum + length, this.#end);
    if (this.#chain.bytesTo(this.fork) + bytes > LIMITS.chainBytes) {
      throw new PeerError(`the chain would be longer than ${LIMITS.chainBytes} bytes`);
    }
    await writeAll(this.#file, Buffer.concat(texts), this.#end);
    for (const { length } of texts) {
      this.#places.push({ offset: this.#end, length });
      this.#end += length;
    }
  }

  /** Reads the blocks that we have, some at a time. */
  async *blocks(): AsyncGenerator<Block[]> {
    for (let next = 0; next < this.#places.length; next += READ_BLOCKS) {
      const places = this.#places.slice(next, next + READ_BLOCKS);
      const texts = await readPlaces(this.#file, places, FORK_FILE);
      yield texts.map(readBlock);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(FORK_FILE, { force: true });
  }
}

/** Reads a block that we have stored. */
export function readBlock(text: Buffer): Block {
  const json = text.toString();
  return parseBlock(JSON.parse(json), json) as Block;
}
