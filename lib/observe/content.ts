/** What a node has, for programs: transactions in the order in which they came, and blocks. */

import type { Chain } from '../chain/chain.js';
import { readStoredBlock } from '../chain/fork.js';
import { LIMITS } from '../limits.js';
import type { Pool } from '../pool/pool.js';
import { type Key, keyOf, keyOfText } from '../wire/key.js';
import { readTransaction } from '../wire/transaction.js';
import { Arrivals } from './arrivals.js';

/** A transaction, where it came in the order of arrival, and in which block it is. */
export interface Arrived {
  readonly place: number | undefined;
  readonly height: number | undefined;
  /** Its text. */
  readonly json: string;
}

/** Some of them, and the place after which the next ones come. */
export interface Page {
  readonly arrived: readonly Arrived[];
  readonly next: number;
}

export class Content {
  readonly #folder: string;
  readonly #pool: Pool;
  readonly #chain: Chain;
  #arrivals: Promise<Arrivals> | undefined;

  constructor(folder: string, pool: Pool, chain: Chain) {
    this.#folder = folder;
    this.#pool = pool;
    this.#chain = chain;
  }

  /** The place of the latest transaction. */
  async latestPlace(): Promise<number> {
    return (await this.#updated()).count;
  }

  /**
   * Reads the transactions after a place, in the order in which they came.
   *
   * @param limit how many at most; fewer if they are long
   */
  async transactionsAfter(place: number, limit: number): Promise<Page> {
    const keys = (await this.#updated()).after(place, limit);
    const found = await this.#find(keys);
    const arrived: Arrived[] = [];
    let bytes = 0;
    let next = place;
    for (const key of keys) {
      // Each was on disk; it may have gone from the pool into a block, or back, while we read.
      const one = found.get(key) ?? (arrived.length === 0 ? await this.#findOne(key) : undefined);
      if (one === undefined && (this.#pool.has(key) || this.#chain.has(key))) break;
      bytes += one?.json.length ?? 0;
      if (bytes > LIMITS.answerBytes && arrived.length > 0) break;
      next += 1;
      if (one !== undefined) arrived.push({ ...one, place: next });
    }
    return { arrived, next };
  }

  /**
   * Finds a transaction.
   *
   * @param id its id; one that is a number is written as such
   */
  async transaction(id: string): Promise<Arrived | undefined> {
    const arrivals = await this.#arrivals;
    for (const key of [keyOf(id), keyOfText(id)]) {
      const found = await this.#findOne(key);
      if (found !== undefined) return { ...found, place: arrivals?.placeOf(key) };
    }
    return undefined;
  }

  /** The texts of the blocks from a height on, as many as one answer holds. */
  async blocksFrom(height: number, limit: number): Promise<string[]> {
    const blocks = await this.#chain.read(height);
    return blocks.slice(0, limit).map(String);
  }

  async #updated(): Promise<Arrivals> {
    const opening = this.#arrivals ?? Arrivals.open(this.#folder, this.#pool, this.#chain);
    this.#arrivals = opening;
    opening.catch(() => {
      this.#arrivals = undefined;
    });
    const arrivals = await opening;
    await arrivals.update();
    return arrivals;
  }

  async #findOne(key: Key): Promise<Omit<Arrived, 'place'> | undefined> {
    return (await this.#find([key])).get(key);
  }

  /** Finds transactions by their keys, in the pool or else in a block. */
  async #find(keys: readonly Key[]): Promise<Map<Key, Omit<Arrived, 'place'>>> {
    const found = new Map<Key, Omit<Arrived, 'place'>>();
    for (const text of await this.#pool.read(keys)) {
      const json = text.toString();
      const read = readTransaction(JSON.parse(json), json);
      if ('key' in read) found.set(read.key, { height: undefined, json });
    }
    for (const key of keys) {
      const height = found.has(key) ? undefined : this.#chain.heightOf(key);
      if (height === undefined || height > this.#chain.savedHeight) continue;
      // The others in it are probably wanted next.
      const block = readStoredBlock(await this.#chain.readAt(height));
      for (const each of block.transactions) found.set(each.key, { height, json: each.json });
    }
    return found;
  }
}
