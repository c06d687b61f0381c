/** Answers the requests of other nodes about our pool. It keeps no state between two requests. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answers } from '../guard/answers.js';
import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { Key } from '../wire/key.js';
import type { Data } from '../wire/messages.js';
import { reconciliationFrame } from '../wire/reconciliation-messages.js';
import { manyFrame } from '../wire/transaction-messages.js';
import type { MerkleTree } from './merkle-tree.js';
import type { Pool } from './pool.js';
import type { OwnPool, Request } from './reconciliation-session.js';
import type { SettledKeys } from './settled-keys.js';

type Handlers = { [T in Request['type']]: (data: Data<T>, from: Connection) => void };

/** What an answer needs from a pool. */
export interface AskedPool extends Pick<OwnPool, 'childDigests' | 'keysUnder'> {
  /** Those that the pool has, in UTF-8, in the order of the keys, as many as one answer holds. */
  read(keys: readonly Key[]): Promise<readonly Buffer[]>;
}

export class PoolAnswers {
  readonly handlers: Handlers = {
    GET_NODES: (data, from) => this.#answer({ type: 'GET_NODES', data }, from),
    GET_KEYS: (data, from) => this.#answer({ type: 'GET_KEYS', data }, from),
    GET_TRANSACTIONS: (data, from) => this.#answer({ type: 'GET_TRANSACTIONS', data }, from),
  };
  readonly #pool: Pool;
  readonly #keys: SettledKeys;
  readonly #answers: Answers;

  constructor(pool: Pool, keys: SettledKeys, answers: Answers) {
    this.#pool = pool;
    this.#keys = keys;
    this.#answers = answers;
  }

  #answer(request: Request, from: Connection): void {
    from.askedMs = performance.now();
    this.#answers.give(from, {
      subject: 'pool',
      makeFrame: () => this.#frameFor(request, from),
      nothing: manyFrame('TRANSACTIONS', []),
    });
  }

  async #frameFor(request: Request, from: Connection): Promise<string | Buffer> {
    if (request.type === 'GET_NODES') await refreshDigests(this.#pool.tree);
    return answerTo(request, {
      childDigests: (name) => this.#pool.tree.childDigests(name),
      keysUnder: (nodes, place, limit) => this.#keys.under(nodes, place, from, limit),
      read: (keys) => this.#pool.read(keys),
    });
  }
}

/** The frame that answers a request about a pool. */
export async function answerTo({ type, data }: Request, pool: AskedPool): Promise<string | Buffer> {
  switch (type) {
    case 'GET_NODES': {
      const digests = data.map((name) => pool.childDigests(name));
      return reconciliationFrame({ type: 'NODES', data: digests });
    }
    case 'GET_KEYS': {
      const page = pool.keysUnder(data.nodes, data.from, LIMITS.keys);
      return reconciliationFrame({ type: 'KEYS', data: page });
    }
    case 'GET_TRANSACTIONS':
      return manyFrame('TRANSACTIONS', await pool.read(data));
  }
}

/** Brings a tree up to date without holding up the event loop for long. */
export async function refreshDigests(tree: MerkleTree): Promise<void> {
  while (!tree.refresh(performance.now() + LIMITS.digestSliceMs)) await nextTurn();
}
