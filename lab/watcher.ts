/** What one node tells of itself, made into entries: its peers, its pool, its chain, its messages. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Door, read } from '../lib/commands/node-door.js';
import type { BlockEntry, OtherEntry } from './entries.js';
import type { Told } from './pairs.js';
import { SseReader } from './sse-reader.js';

/** How far back to look for the blocks that lead to a new one. */
const BLOCKS_BACK = 24;
const [TRIES, RETRY_MS] = [20, 100];

interface Tip {
  readonly height: number;
  readonly hash: string;
}

/** What a node sends at /events, as far as it is of interest here. */
interface Status {
  readonly network?: {
    readonly nodes: readonly { readonly address: string; readonly state: string }[];
  };
  readonly pool?: { readonly transactions: number };
  readonly chain?: { readonly blocks: readonly Tip[] };
}

export interface Listeners {
  onEntry(entry: OtherEntry): void;
  onMessage(told: Told): void;
  /** Whether a block has been told of already. */
  isKnown(hash: string): boolean;
}

export class Watcher {
  readonly #address: string;
  readonly #door: Door;
  readonly #listeners: Listeners;
  readonly #readers: readonly SseReader[];
  #peers: string | undefined;
  #transactions = -1;
  #hash = '';
  #isStopped = false;

  constructor(address: string, door: Door, listeners: Listeners) {
    this.#address = address;
    this.#door = door;
    this.#listeners = listeners;
    this.#readers = [
      new SseReader(door, '/events', (event, json) => {
        if (event === 'status') this.#takeStatus(JSON.parse(json));
      }),
      new SseReader(door, '/messages', (event, json) => this.#takeMessage(event, json)),
    ];
  }

  stop(): void {
    this.#isStopped = true;
    for (const reader of this.#readers) reader.stop();
  }

  #takeMessage(event: string, json: string): void {
    if (event === 'message') this.#listeners.onMessage(JSON.parse(json));
    if (event === 'left-out') {
      const { frames } = JSON.parse(json);
      const [at, address] = [nowMs(), this.#address];
      this.#listeners.onEntry({ kind: 'left-out', at, address, frames });
    }
  }

  #takeStatus({ network, pool, chain }: Status): void {
    const [at, address] = [nowMs(), this.#address];
    const { onEntry } = this.#listeners;
    if (network !== undefined) {
      const connected = network.nodes.filter(({ state }) => state === 'connected');
      const peers = connected.map((node) => node.address);
      if (this.#peers !== peers.join(' ')) onEntry({ kind: 'peers', at, address, peers });
      this.#peers = peers.join(' ');
    }
    if (pool !== undefined && pool.transactions !== this.#transactions) {
      this.#transactions = pool.transactions;
      onEntry({ kind: 'pool', at, address, transactions: pool.transactions });
    }
    const tip = chain?.blocks[0];
    if (tip !== undefined && tip.hash !== this.#hash) {
      this.#hash = tip.hash;
      this.#tellTip(at, tip);
    }
  }

  /** Tells of a latest block, after those that lead to it, unless it is no longer the latest. */
  async #tellTip(at: number, { height, hash }: Tip): Promise<void> {
    const { isKnown, onEntry } = this.#listeners;
    const isOver = () => this.#isStopped || this.#hash !== hash;
    for (let tries = 0; tries < TRIES && !isOver(); tries++) {
      const blocks = await this.#blocksTo(height, hash, at).catch(() => undefined);
      if (blocks === undefined) {
        // A node gives a block once it is on its disk.
        await sleep(RETRY_MS);
        continue;
      }
      if (isOver()) return;
      for (const block of blocks) if (!isKnown(block.hash)) onEntry(block);
      onEntry({ kind: 'tip', at, address: this.#address, height, hash });
      return;
    }
  }

  /** The blocks that lead to one, and that one, as far as they are not known. */
  async #blocksTo(height: number, hash: string, at: number): Promise<BlockEntry[]> {
    const blocks: BlockEntry[] = [];
    const lowest = Math.max(0, height - BLOCKS_BACK);
    let wanted = hash;
    for (let place = height; place >= lowest && !this.#listeners.isKnown(wanted); place--) {
      const block = await this.#block(place, at);
      if (block.hash !== wanted) throw new Error('the chain has changed');
      blocks.unshift(block);
      wanted = block.previousHash;
    }
    return blocks;
  }

  async #block(place: number, at: number): Promise<BlockEntry> {
    const block = JSON.parse(await read(this.#door, `/blocks/${place}`));
    const { height, hash, previousHash, merkleRoot, nonce, timestamp } = block;
    const header = { height, hash, previousHash, merkleRoot, nonce, timestamp };
    return { kind: 'block', at, ...header, transactions: block.transactions.length };
  }
}

/** In ms since 1970, and parts of them, as nodes give the time of their messages. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
