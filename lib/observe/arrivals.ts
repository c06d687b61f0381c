/**
 * The order in which transactions came to this node, in its pool or in a block: the place of each
 * counts from 1, and stays the same ever after. The keys are in a file, so that a reader can go on from
 * a place after a restart of the node. Only a node that somebody has asked for places keeps them.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Chain } from '../chain/chain.js';
import { KeySet } from '../pool/key-set.js';
import type { Pool } from '../pool/pool.js';
import { writeAll } from '../storage/places.js';
import { KEY_BYTES, type Key } from '../wire/key.js';

/** Keys one after the other, without anything between them. */
const FILE_NAME = 'transactions.json.places';
/** How many keys are taken up in one turn of the event loop. */
const TOGETHER = 4096;

export class Arrivals {
  readonly #pool: Pool;
  readonly #chain: Chain;
  readonly #file: FileHandle;
  readonly #keys = new KeySet();
  /** The first so many keys are on disk. */
  #saved = 0;
  /** How many places of the pool are taken up, and the blocks, by their hashes. */
  #pooled = 0;
  readonly #hashes: string[] = [];
  /** One update at a time. */
  #updating = Promise.resolve();

  private constructor(pool: Pool, chain: Chain, file: FileHandle) {
    this.#pool = pool;
    this.#chain = chain;
    this.#file = file;
  }

  /** @throws Error if the file cannot be read or written */
  static async open(folder: string, pool: Pool, chain: Chain): Promise<Arrivals> {
    const file = await open(join(folder, FILE_NAME), constants.O_RDWR | constants.O_CREAT, 0o600);
    const arrivals = new Arrivals(pool, chain, file);
    await arrivals.#read();
    // What the file lacks is in no order that anybody was told: the older blocks come first.
    await arrivals.#takeBlocks();
    await arrivals.update();
    return arrivals;
  }

  /** How many places there are that stay. */
  get count(): number {
    return this.#saved;
  }

  /** The place of a transaction; undefined if it has none yet. */
  placeOf(key: Key): number | undefined {
    const index = this.#keys.placeOf(key);
    return index === undefined || index >= this.#saved ? undefined : index + 1;
  }

  /** The keys after a place, in order. */
  after(place: number, limit: number): Key[] {
    const until = Math.min(this.#saved, place + limit);
    const keys: Key[] = [];
    for (let index = place; index < until; index++) keys.push(this.#keys.at(index));
    return keys;
  }

  /**
   * Gives places to the transactions that are on disk by now.
   *
   * @throws Error if the disk refuses
   */
  update(): Promise<void> {
    const updating = this.#updating.then(async () => {
      await this.#takePool();
      await this.#takeBlocks();
      await this.#save();
    });
    this.#updating = updating.catch(() => {});
    return updating;
  }

  async #read(): Promise<void> {
    const bytes = await this.#file.readFile('latin1');
    for (let at = 0; at + KEY_BYTES <= bytes.length; at += KEY_BYTES) {
      // A loss of power may have left a key twice; all after it are written again.
      if (!this.#keys.add(bytes.slice(at, at + KEY_BYTES))) break;
    }
    this.#saved = this.#keys.places;
  }

  async #takePool(): Promise<void> {
    for (; this.#pooled < this.#pool.savedCount; this.#pooled++) {
      this.#keys.add(this.#pool.tree.at(this.#pooled));
      if (this.#pooled % TOGETHER === 0) await nextTurn();
    }
  }

  async #takeBlocks(): Promise<void> {
    const hashAt = (height: number) => this.#chain.headerAt(height)?.hash;
    let { length } = this.#hashes;
    while (length > 0 && this.#hashes[length - 1] !== hashAt(length - 1)) length -= 1;
    this.#hashes.length = length;
    for (let height = length; height <= this.#chain.savedHeight; height++) {
      for (const key of this.#chain.keysOf(height)) this.#keys.add(key);
      this.#hashes.push(`${hashAt(height)}`);
      await nextTurn();
    }
  }

  async #save(): Promise<void> {
    const until = this.#keys.places;
    if (until === this.#saved) return;
    const bytes = Buffer.allocUnsafe((until - this.#saved) * KEY_BYTES);
    for (let index = this.#saved; index < until; index++) {
      bytes.write(this.#keys.at(index), (index - this.#saved) * KEY_BYTES, 'latin1');
    }
    await writeAll(this.#file, bytes, this.#saved * KEY_BYTES);
    await this.#file.datasync();
    this.#saved = until;
  }
}
