/** Answers the requests of other nodes about our chain. */

import type { Answers } from '../guard/answers.js';
import { type Log, reason } from '../log.js';
import type { Connection } from '../peers/connection.js';
import { blocksFrame, headersFrame, latestBlockFrame } from '../wire/block-messages.js';
import type { Data } from '../wire/messages.js';
import { GENESIS } from './block.js';
import type { Chain } from './chain.js';

type Handlers = {
  [T in 'GET_LATEST_BLOCK' | 'GET_HEADERS' | 'GET_BLOCKS']: (
    data: Data<T>,
    from: Connection,
  ) => void;
};

/** Our answer while we have only the block that every node has. */
const NOTHING_NEW = latestBlockFrame(GENESIS.json);

export class ChainAnswers {
  readonly handlers: Handlers = {
    GET_LATEST_BLOCK: (_, from) => this.tellLatest(from),
    GET_HEADERS: (locator, from) =>
      this.#answer(from, headersFrame([]), async () =>
        headersFrame(this.#chain.headersAfter(locator)),
      ),
    GET_BLOCKS: (locator, from) =>
      this.#answer(from, blocksFrame([]), async () =>
        blocksFrame(await this.#chain.blocksAfter(locator)),
      ),
  };
  readonly #chain: Chain;
  readonly #settled: () => Promise<void>;
  readonly #answers: Answers;
  readonly #log: Log;

  /** @param settled resolves when the chain is on disk and no reorganisation is in progress */
  constructor(chain: Chain, settled: () => Promise<void>, answers: Answers, log: Log) {
    this.#chain = chain;
    this.#settled = settled;
    this.#answers = answers;
    this.#log = log;
  }

  /** Sends our latest block, as an answer or to a peer that may have missed it. */
  tellLatest(to: Connection): void {
    this.#answers.give(to, {
      subject: 'latest block',
      ready: this.#settled,
      makeFrame: () => this.latestFrame(),
      nothing: NOTHING_NEW,
    });
  }

  /** The frame that announces our latest block. */
  async latestFrame(): Promise<Buffer> {
    try {
      return latestBlockFrame(await this.#chain.readLatest());
    } catch (error) {
      this.#log('not read', `the latest block (${reason(error)})`);
      return NOTHING_NEW;
    }
  }

  #answer(
    from: Connection,
    nothing: string | Buffer,
    makeFrame: () => Promise<string | Buffer>,
  ): void {
    // A node that has just heard about a block may ask for it before it is on our disk.
    this.#answers.give(from, { subject: 'chain', ready: this.#settled, makeFrame, nothing });
  }
}
