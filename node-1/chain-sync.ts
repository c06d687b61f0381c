/**
 * Keeps our chain and those of our peers the same. As in a conversation: a node asks another for its
 * latest block. If that is the next one to ours, we have all there is to have. If it is further on,
 * we ask for what is between; and if the two chains have parted, we take the one with more work.
 */

import type { Answers } from './answers.js';
import {
  blocksFrame,
  getLatestBlockFrame,
  headersFrame,
  type Locator,
  latestBlockFrame,
  locatorFrame,
} from './block-messages.js';
import { type Block, GENESIS, type Header, hasMoreWork, whyForged } from './blocks.js';
import { Branch, checkContent, checkHeaders } from './branch.js';
import type { Chain } from './chain.js';
import { type Claim, Claims } from './claims.js';
import { LIMITS } from './config.js';
import { type Connection, nameOf, type Peer, send } from './connection.js';
import { reason } from './files.js';
import type { Flow } from './flow.js';
import { count, type Log } from './log.js';
import type { Data, Message } from './messages.js';
import { InvalidBlockError, PeerError } from './peer-error.js';
import { Questions } from './questions.js';
import { reorganise } from './reorganise.js';
import type { Routes } from './routes.js';
import { removeTransactions } from './transactions.js';

/** What only the node itself can tell, or do. */
interface Host {
  readonly routes: Routes;
  readonly flow: Flow;
  readonly answers: Answers;
  readonly log: Log;
  expel(connection: Connection, code: number, reason: string): void;
  /** Has our peers compare their pools with ours. */
  spread(): void;
}

type ChainType =
  | 'GET_LATEST_BLOCK'
  | 'LATEST_BLOCK'
  | 'GET_HEADERS'
  | 'HEADERS'
  | 'GET_BLOCKS'
  | 'BLOCKS';
type Handlers = { [T in ChainType]: (data: Data<T>, from: Connection) => void };
type Answer = Message<'HEADERS' | 'BLOCKS'>;

/** What everybody has already. */
const NOTHING_NEW = latestBlockFrame(GENESIS.json);

export class ChainSync {
  /** What to do with each message about the chain. */
  readonly handlers: Handlers = {
    GET_LATEST_BLOCK: (_, from) => this.#answerLatest(from),
    LATEST_BLOCK: (block, from) => this.#hear(block, from),
    GET_HEADERS: (locator, from) =>
      this.#answer(from, headersFrame([]), async () =>
        headersFrame(this.#chain.headersAfter(locator)),
      ),
    GET_BLOCKS: (locator, from) =>
      this.#answer(from, blocksFrame([]), async () =>
        blocksFrame(await this.#chain.blocksAfter(locator)),
      ),
    HEADERS: (data, from) => this.#questions.answered(from, { type: 'HEADERS', data }),
    BLOCKS: (data, from) => this.#questions.answered(from, { type: 'BLOCKS', data }),
  };
  readonly #chain: Chain;
  readonly #host: Host;
  readonly #questions = new Questions<Answer>();
  readonly #claims: Claims;
  #isWorking = false;
  /** While our chain is swapped for another, nothing is read from it, nor added to it. */
  #swap: Promise<unknown> | undefined;

  constructor(chain: Chain, host: Host) {
    this.#chain = chain;
    this.#host = host;
    this.#claims = new Claims(host.routes);
  }

  /** Asks a node that is recognised for its latest block. */
  ask(connection: Connection): void {
    send(connection, getLatestBlockFrame());
  }

  /** Tells a peer, which may have missed it, of our latest block. */
  tell(peer: Peer): void {
    this.#answerLatest(peer);
  }

  /** A connection is gone, and with it what it claimed. */
  forget(connection: Connection): void {
    this.#claims.drop(connection);
    this.#questions.forget(connection);
  }

  /** Resolves when the chain is on disk as it is to be. */
  async settled(): Promise<void> {
    await this.#swap;
    await this.#chain.saved();
  }

  /** LATEST_BLOCK: the next one to ours, or from a chain that may have more work, or nothing new. */
  #hear(block: Block, from: Connection): void {
    const why = whyForged(block);
    if (why !== undefined) {
      this.#refuse(new InvalidBlockError(`invalid block ${block.height}: ${why}`), from);
    } else if (block.height === 0 && block.hash !== GENESIS.hash) {
      this.#refuse(new InvalidBlockError('its chain has another genesis'), from);
    } else if (!hasMoreWork(block, this.#chain.tip)) {
      this.#claims.drop(from);
    } else if (this.#swap === undefined && block.previousHash === this.#chain.tip.hash) {
      this.#takeNext(block, from);
    } else {
      this.#claims.add({ from, height: block.height });
      this.#work();
    }
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
    this.#host.log('new block', `${what}, from ${nameOf(from)}`);
    this.#announce(latestBlockFrame(block.json), from);
  }

  /**
   * Adds blocks that follow our tip.
   *
   * @throws PeerError at the first that is not valid there; those before it are ours
   */
  #extend(blocks: readonly Block[]): void {
    for (const block of blocks) {
      checkHeaders([block], this.#chain.tip);
      checkContent(block, (key) => this.#chain.has(key));
      const whyNoRoom = this.#chain.whyNoRoom(block);
      if (whyNoRoom !== undefined) throw new PeerError(whyNoRoom);
      this.#chain.append(block);
      const keys = block.transactions.map(({ key }) => key);
      this.#chain.saved().then(() => removeTransactions(keys));
    }
  }

  /** Synchronises with those who have more work than we have, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (;;) {
      const claim = this.#claims.take(this.#chain.height);
      if (claim === undefined) break;
      const { from } = claim;
      const before = this.#chain.tip;
      try {
        await this.#catchUpWith(claim);
      } catch (error) {
        this.#refuse(error, from);
      }
      if (this.#chain.tip !== before) this.#announce(await this.#latestFrame(), from);
    }
    this.#isWorking = false;
  }

  /** Takes the blocks of another node's chain, if it has more work than ours. */
  async #catchUpWith({ from, height }: Claim): Promise<void> {
    const isPeer = this.#host.routes.peerBehind(from) !== undefined;
    const untilMs = performance.now() + (isPeer ? LIMITS.syncTimeoutMs : LIMITS.answerTimeoutMs);
    let first = this.#chain.height + 1;
    while (this.#chain.height < height) {
      const blocks = await this.#getNewBlocks(from, height, untilMs);
      const [next] = blocks;
      if (next === undefined) continue;
      const fork = this.#chain.headerAt(next.height - 1);
      if (fork?.hash !== next.previousHash) throw new PeerError('blocks that were not asked for');
      if (fork === this.#chain.tip) {
        this.#extend(blocks);
      } else {
        await this.#takeBranch(from, fork, untilMs);
        first = this.#chain.height + 1;
      }
      if (this.#chain.isDiskBehind) await this.#chain.saved();
      if (performance.now() > untilMs) {
        // Who has brought us on may go on when others have had their turn.
        this.#claims.add({ from, height });
        break;
      }
    }
    await this.#chain.saved();
    const { height: last } = this.#chain;
    if (last >= first) {
      this.#host.log('synchronised', `${blockRange(first, last)}, from ${nameOf(from)}`);
    }
  }

  /**
   * Asks for blocks that follow our chain, or leave it somewhere.
   *
   * @param height how high the other one says that its chain is
   * @returns the first are those that we lack; none, if our chain is as high by now
   */
  async #getNewBlocks(from: Connection, height: number, untilMs: number): Promise<Block[]> {
    const newsByMs = Math.min(untilMs, performance.now() + LIMITS.answerTimeoutMs);
    let locator = this.#chain.locator();
    for (let common = -1; ; ) {
      const page = await this.#getBlocks(from, locator, newsByMs);
      const last = page.at(-1);
      if (last === undefined) throw new PeerError('it has less than it said');
      // A locator has gaps, and some may have come from others meanwhile.
      const blocks = page.filter(({ height, hash }) => this.#chain.headerAt(height)?.hash !== hash);
      if (blocks.length > 0 || this.#chain.height >= height) return blocks;
      if (last.height <= common) throw new PeerError('the same blocks again');
      common = last.height;
      locator = this.#chain.locatorDownTo(common);
    }
  }

  /** Fetches a branch, and takes it if it has more work than our chain after all. */
  async #takeBranch(from: Connection, fork: Header, untilMs: number): Promise<void> {
    const branch = await Branch.begin(this.#chain, fork);
    try {
      while (!hasMoreWork(branch.tip, this.#chain.tip)) {
        while (!hasMoreWork(branch.end, this.#chain.tip)) {
          const headers = await this.#getHeaders(from, [branch.end], untilMs);
          if (headers.length === 0) throw new PeerError('it has less work than it said');
          branch.promise(headers);
        }
        const blocks = await this.#getBlocks(from, [branch.tip], untilMs);
        if (blocks.length === 0) throw new PeerError('headers, but not their blocks');
        await branch.add(blocks.slice(0, branch.end.height - branch.tip.height));
      }
      const swap = this.#reorganise(branch, from);
      this.#swap = swap.catch(() => {});
      await swap;
    } finally {
      this.#swap = undefined;
      await branch.close();
    }
  }

  async #reorganise(branch: Branch, from: Connection): Promise<void> {
    const { fork, tip } = branch;
    const { height } = this.#chain;
    const returned = await reorganise(this.#chain, branch);
    const [old, latest] = [blockRange(fork + 1, height), blockRange(fork + 1, tip.height)];
    const what = `${old} gave way to ${latest}`;
    const back = returned > 0 ? `, ${count(returned, 'transaction')} back in the pool` : '';
    this.#host.log('reorganised', `${what}, from ${nameOf(from)}${back}`);
    if (returned > 0) this.#host.spread();
  }

  async #getHeaders(from: Connection, locator: Locator, untilMs: number): Promise<Header[]> {
    const { type, data } = await this.#ask(from, locatorFrame('GET_HEADERS', locator), untilMs);
    if (type !== 'HEADERS') throw new PeerError(`${type} for an answer`);
    return data;
  }

  async #getBlocks(from: Connection, locator: Locator, untilMs: number): Promise<Block[]> {
    const { type, data } = await this.#ask(from, locatorFrame('GET_BLOCKS', locator), untilMs);
    if (type !== 'BLOCKS') throw new PeerError(`${type} for an answer`);
    return data;
  }

  #ask(from: Connection, frame: string, untilMs: number): Promise<Answer> {
    if (performance.now() > untilMs) throw new PeerError('it takes too long');
    return this.#questions.ask(from, frame);
  }

  /** Tells those peers of a block that the one it came from has not told. */
  #announce(frame: Buffer, from: Connection): void {
    for (const peer of this.#host.routes.from(from)) {
      if (peer.announcement !== undefined) this.#host.flow.send(peer, [frame], from);
    }
  }

  #refuse(error: unknown, from: Connection): void {
    if (error instanceof InvalidBlockError) {
      this.#host.expel(from, 1008, error.message);
      return;
    }
    this.#claims.rest(from);
    setTimeout(() => this.#work(), LIMITS.reconcileIntervalMs).unref();
    this.#host.log('not synchronised', `with ${nameOf(from)} (${reason(error)})`);
  }

  #answerLatest(from: Connection): void {
    this.#host.answers.give(from, {
      subject: 'latest block',
      ready: () => this.settled(),
      makeFrame: () => this.#latestFrame(),
      nothing: NOTHING_NEW,
    });
  }

  async #latestFrame(): Promise<Buffer> {
    try {
      return latestBlockFrame(await this.#chain.readLatest());
    } catch (error) {
      this.#host.log('not read', `the latest block (${reason(error)})`);
      return NOTHING_NEW;
    }
  }

  #answer(
    from: Connection,
    nothing: string | Buffer,
    makeFrame: () => Promise<string | Buffer>,
  ): void {
    // Who has just been told of a block may ask for it.
    const ready = () => this.settled();
    this.#host.answers.give(from, { subject: 'chain', ready, makeFrame, nothing });
  }
}

function blockRange(first: number, last: number): string {
  return first === last ? `block ${first}` : `blocks ${first} to ${last}`;
}
