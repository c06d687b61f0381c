/** Blocks that each break one rule and no other, with all the work that they need. */

import { GENESIS, merkleRootOf } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';
import { toBlock } from '../../lib/wire/block.js';
import { type Chain, nextBlock, text, tipOf, work } from './chain.js';

export interface Forgery {
  readonly what: string;
  /** What is said of it. */
  readonly reason: string;
  /** Makes one that is to follow on a chain, in which `included` is included. */
  forge(chain: Chain): Chain[number];
}

export const included = text('included');
const GENESIS_PARENT = '0'.repeat(64);
const HOUR_MS = 60 * 60 * 1000;
const [a, b, c] = ['a', 'b', 'c'].map((id) => text(id)) as [string, string, string];
/** So many that one more would be too many. */
const many = Array.from({ length: LIMITS.blockTransactions }, (_, id) => `{"id":${id}}`);
/** In many bytes, and fewer characters: it is the bytes that count. */
const pads = ['d', 'e', 'f', 'g'].map((id) => text(id, 'ü'.repeat(30_000)));

/** Whose header is wrong wherever it is met. */
export const headerForgeries: readonly Forgery[] = [
  {
    what: 'another nonce than that of its hash',
    reason: 'its hash is not its own',
    forge: (chain) => {
      const block = nextBlock(chain);
      return toBlock({ ...block, nonce: block.nonce + 1 }, []);
    },
  },
  {
    what: 'the hash of another block, which has the work',
    reason: 'its hash is not its own',
    forge: (chain) => toBlock({ ...nextBlock(chain, [a]), hash: nextBlock(chain, [b]).hash }, []),
  },
  {
    what: 'one bit of work less than it takes',
    reason: 'its hash does not begin with 12 zero bits',
    forge: (chain) => {
      const { nonce: _, hash: __, ...draft } = nextBlock(chain);
      return work(draft, [], '001');
    },
  },
  {
    what: 'the very time of the block before it',
    reason: 'it is not later than the block before it',
    forge: (chain) => nextBlock(chain, [], { timestamp: tipOf(chain).timestamp }),
  },
  {
    what: 'a time long before that',
    reason: 'it is not later than the block before it',
    forge: (chain) => nextBlock(chain, [], { timestamp: GENESIS.timestamp }),
  },
];

/** Which is no next block at all, so that one who is only told of it would ask. */
export const placeForgeries: readonly Forgery[] = [
  {
    what: 'a height too great',
    reason: 'it is no block',
    forge: (chain) => nextBlock(chain, [], { height: chain.length + 1 }),
  },
  {
    what: 'the height of the block before it',
    reason: 'it is no block',
    forge: (chain) => nextBlock(chain, [], { height: chain.length - 1 }),
  },
  {
    what: 'the block before the one before it',
    reason: 'it follows another block',
    forge: (chain) => nextBlock(chain, [], { previousHash: tipOf(chain.slice(0, -1)).hash }),
  },
  {
    what: 'no block before it, like a genesis',
    reason: 'it follows another block',
    forge: (chain) => nextBlock(chain, [], { previousHash: GENESIS_PARENT }),
  },
];

/** Whose header is right, and what is in it is not. */
export const contentForgeries: readonly Forgery[] = [
  {
    what: 'the root of no transactions',
    reason: 'its Merkle root is not that of its transactions',
    forge: (chain) => nextBlock(chain, [a], { merkleRoot: merkleRootOf([]) }),
  },
  {
    what: 'the root of transactions, and none of them',
    reason: 'its Merkle root is not that of its transactions',
    forge: (chain) => nextBlock(chain, [], { merkleRoot: merkleRootOf([a]) }),
  },
  {
    what: 'transactions in another order',
    reason: 'its Merkle root is not that of its transactions',
    forge: (chain) => nextBlock(chain, [b, a], { merkleRoot: merkleRootOf([a, b]) }),
  },
  {
    what: 'the root of the same content spelt in another way',
    reason: 'its Merkle root is not that of its transactions',
    forge: (chain) => nextBlock(chain, [a], { merkleRoot: merkleRootOf([a.replace('1.0', '1')]) }),
  },
  {
    what: 'its last transaction twice, as it would be in an odd tree',
    reason: 'it has a transaction twice',
    forge: (chain) => nextBlock(chain, [a, b, c, c]),
  },
  {
    what: 'a transaction twice, with other content',
    reason: 'it has a transaction twice',
    forge: (chain) => nextBlock(chain, [text('b', 'first'), a, text('b', 'second')]),
  },
  {
    what: 'a transaction of a block long before it',
    reason: 'it has a transaction that is in the chain already',
    forge: (chain) => nextBlock(chain, [a, included]),
  },
  {
    what: 'a transaction of a block long before it, with other content',
    reason: 'it has a transaction that is in the chain already',
    forge: (chain) => nextBlock(chain, [text('included', 'again')]),
  },
  {
    what: 'the transactions of the block before it',
    reason: 'it has a transaction that is in the chain already',
    forge: (chain) =>
      nextBlock(
        chain,
        tipOf(chain).transactions.map(({ json }) => json),
      ),
  },
  {
    what: 'one transaction too many',
    reason: `it has more than ${LIMITS.blockTransactions} transactions`,
    forge: (chain) => nextBlock(chain, [...many, '{"id":"one more"}']),
  },
  {
    what: 'one byte too many',
    reason: `it has more than ${LIMITS.blockBytes} bytes`,
    forge: (chain) => blockOf(chain, LIMITS.blockBytes + 1),
  },
];

/** What is as much as one block can hold: of transactions, and of bytes. */
export const fullest: readonly ((chain: Chain) => Chain[number])[] = [
  (chain) => nextBlock(chain, many),
  (chain) => blockOf(chain, LIMITS.blockBytes),
];

/** A block that is right but for its time, which is further ahead than two hours, or not quite. */
export function blockAhead(chain: Chain, beyondMs: number): Chain[number] {
  return nextBlock(chain, [], { timestamp: Date.now() + 2 * HOUR_MS + beyondMs });
}

/** A next block of so many bytes. */
function blockOf(chain: Chain, bytes: number): Chain[number] {
  let pad = 0;
  // The nonce has as many digits as it happens to: the next attempt has another one.
  for (let attempt = 0; ; attempt++) {
    const block = nextBlock(chain, [...pads, text('last', `${attempt}`.padEnd(pad, 'x'))]);
    const lacking = bytes - Buffer.byteLength(block.json);
    if (lacking === 0) return block;
    pad += lacking;
  }
}
