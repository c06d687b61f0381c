/**
 * Keeps our chain in step with those of our peers. A node asks another one for its latest block. If
 * that follows our tip, we append it. If it is further ahead, we ask for the blocks in between. If
 * the two chains have forked, the one with more work wins.
 */

import type { Counters } from '../counters.js';
import type { Answers } from '../guard/answers.js';
import { LIMITS } from '../limits.js';
import { count, type Log, reason } from '../log.js';
import { type Connection, expel, nameOf, send } from '../peers/connection.js';
import { InvalidBlockError, PeerError } from '../peers/peer-error.js';
import type { Routes } from '../peers/routes.js';
import type { Pool } from '../pool/pool.js';
import type { Block, Header } from '../wire/block.js';
import { getLatestBlockFrame, latestBlockFrame } from '../wire/block-messages.js';
import type { Data } from '../wire/messages.js';
import { GENESIS, hasMoreWork, whyForged } from './block.js';
import { BlockRequests } from './block-requests.js';
import type { Chain } from './chain.js';
import { ChainAnswers } from './chain-answers.js';
import { checkContent, checkHeaders, Fork } from './fork.js';
import { reorganise } from './reorganise.js';
import { type Claim, SyncQueue } from './sync-queue.js';

/** What the synchronisation needs from the rest of the node. */
export interface Surroundings {
  readonly answers: Answers;
  /** Sends a frame to those of our nodes that the sender is not connected to. */
  readonly relay: { announce(frame: Buffer, from: Connection): void };
  /** Compares our pool with those of all peers soon. */
  readonly reconciler: { spread(): void };
  readonly counters: Counters;
}

type Handlers = {
  [T in keyof ChainAnswers['handlers'] | 'LATEST_BLOCK' | 'HEADERS' | 'BLOCKS']: (
    data: Data<T>,
    from: Connection,
  ) => void;
};

export class ChainSync {
  readonly handlers: Handlers;
  readonly #chain: Chain;
  readonly #pool: Pool;
  readonly #routes: Routes;
  readonly #relay: Surroundings['relay'];
  readonly #reconciler: Surroundings['reconciler'];
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #answers: ChainAnswers;
  readonly #requests: BlockRequests;
  readonly #queue: SyncQueue;
  #isWorking = false;
  /** The hash of the latest block of another node that has as much work as ours. */
  #toldFork = '';
  /** While a fork replaces a part of our chain, the chain is neither read nor appended to. */
  #reorganising: Promise<unknown> | undefined;

  constructor(
    chain: Chain,
    pool: Pool,
    routes: Routes,
    { answers, relay, reconciler, counters }: Surroundings,
    log: Log,
  ) {
    this.#chain = chain;
    this.#pool = pool;
    this.#routes = routes;
    this.#relay = relay;
    this.#reconciler = reconciler;
    this.#counters = counters;
    this.#log = log;
    this.#answers = new ChainAnswers(chain, () => this.saved(), answers, log);
    this.#queue = new SyncQueue(routes);
    this.#requests = new BlockRequests(chain);
    this.handlers = {
      ...this.#answers.handlers,
      LATEST_BLOCK: (block, from) => this.#hear(block, from),
      ...this.#requests.handlers,
    };
  }

  /** Asks one of our nodes for its latest block. */
  ask(connection: Connection): void {
    send(connection, getLatestBlockFrame());
  }

  /** Sends a peer our latest block, which it may have missed. */
  tell(peer: Connection): void {
    this.#answers.tellLatest(peer);
  }

  /** A connection has ended, and with it its place in the queue. */
  forget(connection: Connection): void {
    this.#queue.drop(connection);
    this.#requests.forget(connection);
  }

  /** Resolves when the chain is on disk and no reorganisation is in progress. */
  async saved(): Promise<void> {
    await this.#reorganising;
    await this.#chain.saved();
  }

  /**
   * LATEST_BLOCK: the block follows our tip, belongs to a chain with more work, or is nothing new.
   */
  #hear(block: Block, from: Connection): void {
    const why = whyForged(block);
    const { height, hash } = block;
    if (why === undefined) from.tip = { height, hash, toldMs: performance.now() };
    if (why !== undefined) {
      this.#refuse(new InvalidBlockError(`invalid block ${height}: ${why}`), from);
    } else if (height === 0 && hash !== GENESIS.hash) {
      this.#refuse(new InvalidBlockError('its chain has another genesis'), from);
    } else if (!hasMoreWork(block, this.#chain.tip)) {
      this.#queue.drop(from);
      this.#noteFork(block, from);
    } else if (this.#reorganising === undefined && block.previousHash === this.#chain.tip.hash) {
      this.#takeNext(block, from);
    } else {
      this.#queue.add({ from, height });
      this.#work();
    }
  }

  /** A node with as much work at another block keeps it, and we keep ours: that is told once. */
  #noteFork({ height, hash }: Block, from: Connection): void {
    const { tip } = this.#chain;
    if (height !== tip.height || hash === tip.hash || from.address === undefined) return;
    if (hash === this.#toldFork) return;
    this.#toldFork = hash;
    const what = `${height} (${hash.slice(0, 8)}…), we are at ${tip.hash.slice(0, 8)}…`;
    this.#log('another block', `${nameOf(from)} is at ${what}: the next block decides`);
  }

  #takeNext(block: Block, from: Connection): void {
    try {
      this.#extend([block]);
    } catch (error) {
      this.#refuse(error, from);
      return;
    }
    const { height, hash, transactions } = block;
    const what = `${height} (${hash.slice(0, 8)}…), ${count(transactions.length, 'transaction')}`;
    this.#log('new block', `${what}, from ${nameOf(from)}`);
    this.#relay.announce(latestBlockFrame(block.json), from);
  }

  /**
   * Adds blocks that follow our tip.
   *
   * @throws PeerError at the first block that is invalid or finds no room; those before it have
   * been added
   */
  #extend(blocks: readonly Block[]): void {
    for (const block of blocks) {
      checkHeaders([block], this.#chain.tip);
      checkContent(block, (key) => this.#chain.has(key));
      const whyNoRoom = this.#chain.whyNoRoom(block);
      if (whyNoRoom !== undefined) throw new PeerError(whyNoRoom);
      this.#chain.append(block);
      this.#counters.count('blocks');
      const keys = block.transactions.map(({ key }) => key);
      this.#chain.saved().then(() => this.#pool.remove(keys));
    }
  }

  /** Synchronises with the nodes that claim more work than ours, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (;;) {
      const claim = this.#queue.take(this.#chain.height);
      if (claim === undefined) break;
      const { from } = claim;
      const before = this.#chain.tip;
      try {
        await this.#catchUpWith(claim);
      } catch (error) {
        this.#refuse(error, from);
      }
      if (this.#chain.tip !== before) this.#relay.announce(await this.#answers.latestFrame(), from);
    }
    this.#isWorking = false;
  }

  /** Fetches the blocks of another node's chain, if that has more work than ours. */
  async #catchUpWith({ from, height }: Claim): Promise<void> {
    const isPeer = this.#routes.peerBehind(from) !== undefined;
    const untilMs = performance.now() + (isPeer ? LIMITS.syncTimeoutMs : LIMITS.answerTimeoutMs);
    let first = this.#chain.height + 1;
    while (this.#chain.height < height) {
      const blocks = await this.#requests.newBlocks(from, height, untilMs);
      const [next] = blocks;
      if (next === undefined) continue;
      const common = this.#chain.headerAt(next.height - 1);
      if (common?.hash !== next.previousHash) throw new PeerError('blocks that were not asked for');
      if (common === this.#chain.tip) {
        this.#extend(blocks);
      } else {
        await this.#takeFork(from, common, untilMs);
        first = this.#chain.height + 1;
      }
      if (this.#chain.isDiskBehind) await this.#chain.saved();
      if (performance.now() > untilMs) {
        // The node did bring us forward; it continues after the others have had their turn.
        this.#queue.add({ from, height });
        break;
      }
    }
    await this.#chain.saved();
    const { height: last } = this.#chain;
    if (last >= first) {
      this.#log('synchronised', `${blockRange(first, last)}, from ${nameOf(from)}`);
    }
  }

  /** Fetches a fork, and switches to it if it has more work than our chain. */
  async #takeFork(from: Connection, common: Header, untilMs: number): Promise<void> {
    const fork = await Fork.begin(this.#chain, common);
    try {
      while (!hasMoreWork(fork.tip, this.#chain.tip)) {
        while (!hasMoreWork(fork.end, this.#chain.tip)) {
          const headers = await this.#requests.headers(from, [fork.end], untilMs);
          if (headers.length === 0) throw new PeerError('it has less work than it said');
          fork.promise(headers);
        }
        const blocks = await this.#requests.blocks(from, [fork.tip], untilMs);
        if (blocks.length === 0) throw new PeerError('headers, but not their blocks');
        await fork.add(blocks.slice(0, fork.end.height - fork.tip.height));
      }
      const reorganising = this.#reorganise(fork, from);
      this.#reorganising = reorganising.catch(() => {});
      await reorganising;
    } finally {
      this.#reorganising = undefined;
      await fork.close();
    }
  }

  async #reorganise(fork: Fork, from: Connection): Promise<void> {
    const { commonHeight, tip } = fork;
    const { height } = this.#chain;
    const returned = await reorganise(this.#chain, this.#pool, fork);
    this.#counters.count('blocks', tip.height - commonHeight);
    this.#counters.count('reorganised');
    const [old, latest] = [
      blockRange(commonHeight + 1, height),
      blockRange(commonHeight + 1, tip.height),
    ];
    const what = `${old} replaced by ${latest}`;
    const back = returned > 0 ? `, ${count(returned, 'transaction')} back in the pool` : '';
    this.#log('reorganised', `${what}, from ${nameOf(from)}${back}`);
    if (returned > 0) this.#reconciler.spread();
  }

  #refuse(error: unknown, from: Connection): void {
    if (error instanceof InvalidBlockError) {
      expel(from, 1008, error.message);
      return;
    }
    this.#queue.rest(from);
    setTimeout(() => this.#work(), LIMITS.reconcileIntervalMs).unref();
    this.#log('not synchronised', `with ${nameOf(from)} (${reason(error)})`);
  }
}

function blockRange(first: number, last: number): string {
  return first === last ? `block ${first}` : `blocks ${first} to ${last}`;
}
