/** Our requests to other nodes about their chains: headers, blocks, the blocks that ours lacks. */

import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import { PeerError } from '../peers/peer-error.js';
import { PendingRequests } from '../peers/requests.js';
import type { Block, Header } from '../wire/block.js';
import { type Locator, locatorFrame } from '../wire/block-messages.js';
import type { Data, Message } from '../wire/messages.js';
import type { Chain } from './chain.js';

type Answer = Message<'HEADERS' | 'BLOCKS'>;
type Handlers = {
  [T in Answer['type']]: (data: Data<T>, from: Connection) => void;
};

export class BlockRequests {
  readonly handlers: Handlers = {
    HEADERS: (data, from) => this.#pending.answered(from, { type: 'HEADERS', data }),
    BLOCKS: (data, from) => this.#pending.answered(from, { type: 'BLOCKS', data }),
  };
  readonly #chain: Chain;
  readonly #pending = new PendingRequests<Answer>();

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** A connection has ended, and with it the requests on it. */
  forget(connection: Connection): void {
    this.#pending.forget(connection);
  }

  /**
   * Asks for blocks that follow our chain or fork from it.
   *
   * @param height of the other node's chain, as it claims
   * @param untilMs the deadline, by performance.now()
   * @returns the blocks that we lack; none if our chain is as high by now
   * @throws PeerError
   */
  async newBlocks(from: Connection, height: number, untilMs: number): Promise<Block[]> {
    const newsByMs = Math.min(untilMs, performance.now() + LIMITS.answerTimeoutMs);
    let locator = this.#chain.locator();
    for (let common = -1; ; ) {
      const page = await this.blocks(from, locator, newsByMs);
      const last = page.at(-1);
      if (last === undefined) throw new PeerError('it has less than it said');
      // A locator has gaps, and other nodes may have sent some of the blocks in the meantime.
      const blocks = page.filter(({ height, hash }) => this.#chain.headerAt(height)?.hash !== hash);
      if (blocks.length > 0 || this.#chain.height >= height) return blocks;
      if (last.height <= common) throw new PeerError('the same blocks again');
      common = last.height;
      locator = this.#chain.locatorDownTo(common);
    }
  }

  /** Asks for the headers after the first block of a locator that is in the other chain. */
  async headers(from: Connection, locator: Locator, untilMs: number): Promise<Header[]> {
    const { type, data } = await this.#ask(from, locatorFrame('GET_HEADERS', locator), untilMs);
    if (type !== 'HEADERS') throw new PeerError(`${type} for an answer`);
    return data;
  }

  /** Asks for the blocks after it. */
  async blocks(from: Connection, locator: Locator, untilMs: number): Promise<Block[]> {
    const { type, data } = await this.#ask(from, locatorFrame('GET_BLOCKS', locator), untilMs);
    if (type !== 'BLOCKS') throw new PeerError(`${type} for an answer`);
    return data;
  }

  #ask(from: Connection, frame: string, untilMs: number): Promise<Answer> {
    if (performance.now() > untilMs) throw new PeerError('it takes too long');
    return this.#pending.ask(from, frame);
  }
}
