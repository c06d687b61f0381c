/**
 * Whether a node is ready to serve others: the answer at /readyz. Before anybody asks, the pool has
 * been read and the node listens, or there would be no answer.
 */

import type { Chain } from '../chain/chain.js';
import { count } from '../log.js';
import type { AddressBook } from '../peers/address-book.js';
import type { Peer } from '../peers/connection.js';
import type { Pool } from '../pool/pool.js';

/** What readiness is decided from; read when needed. */
export interface Readying {
  readonly peers: {
    readonly addressBook: AddressBook;
    readonly connected: ReadonlyMap<string, Peer>;
  };
  readonly pool: Pool;
  readonly chain: Chain;
  readonly reconciler: { readonly hasCompared: boolean };
}

export class Readiness {
  readonly #node: Readying;
  /** Stays: a peer that comes later does not take a node away from those whom it serves. */
  #isCaughtUp = false;

  constructor(node: Readying) {
    this.#node = node;
  }

  /** Returns what is missing; undefined if the node is ready. */
  whyNot(): string | undefined {
    if (isDiskFailing(this.#node)) return 'the disk refuses';
    const behind = this.#isCaughtUp ? undefined : whyBehind(this.#node);
    this.#isCaughtUp = behind === undefined;
    return behind;
  }
}

/** Whether the disk has refused the last write, of the pool or of the chain. */
export function isDiskFailing({ pool, chain }: Pick<Readying, 'pool' | 'chain'>): boolean {
  return pool.disk.isFailing || chain.disk.isFailing;
}

/** Why the pool may lack what others have; undefined if it was compared, or there is nobody for it. */
function whyBehind({ peers, reconciler }: Readying): string | undefined {
  if (reconciler.hasCompared) return undefined;
  const { addressBook, connected } = peers;
  if ([...connected.values()].some(mayCompare)) return 'no comparison of pools has ended yet';
  // Beside plain peers there may be no slot for a learnt address, ever.
  const untried = addressBook.all().filter(({ address, isKnown, failures }) => {
    const isWaiting = failures === 0 && !connected.has(address.key);
    return isWaiting && (isKnown || connected.size === 0);
  });
  if (untried.length === 0) return undefined;
  return `${count(untried.length, 'known peer')} not reached yet, nor found to be away`;
}

/** Whether a peer compares pools, and has not failed to yet. */
function mayCompare({ identity, distrustedUntilMs }: Peer): boolean {
  return identity !== undefined && distrustedUntilMs === -Infinity;
}
