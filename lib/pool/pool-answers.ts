/** Answers the requests of other nodes about our pool. It keeps no state between two requests. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answers } from '../guard/answers.js';
import { LIMITS } from '../limits.js';
import type { Connection } from '../peers/connection.js';
import type { Data } from '../wire/messages.js';
import { reconciliationFrame } from '../wire/reconciliation-messages.js';
import { transactionsFrame } from '../wire/transaction-messages.js';
import type { MerkleTree } from './merkle-tree.js';
import type { Pool } from './pool.js';
import type { Request } from './reconciliation-session.js';
import type { SettledKeys } from './settled-keys.js';

type Handlers = { [T in Request['type']]: (data: Data<T>, from: Connection) => void };

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
      nothing: transactionsFrame([]),
    });
  }

  async #frameFor({ type, data }: Request, from: Connection): Promise<string | Buffer> {
    switch (type) {
      case 'GET_NODES': {
        await refreshDigests(this.#pool.tree);
        const digests = data.map((name) => this.#pool.tree.childDigests(name));
        return reconciliationFrame({ type: 'NODES', data: digests });
      }
      case 'GET_KEYS': {
        const page = this.#keys.under(data.nodes, data.from, from, LIMITS.keys);
        return reconciliationFrame({ type: 'KEYS', data: page });
      }
      case 'GET_TRANSACTIONS':
        return transactionsFrame(await this.#pool.read(data));
    }
  }
}

/** Brings a tree up to date without holding up the event loop for long. */
export async function refreshDigests(tree: MerkleTree): Promise<void> {
  while (!tree.refresh(performance.now() + LIMITS.digestSliceMs)) await nextTurn();
}
