/** Blocks at random, of the right form; and the work that makes a header one that counts. */

import fc from 'fast-check';
import { hashOf } from '../../lib/chain/block.js';
import { type Block, type BlockTransaction, type Header, toBlock } from '../../lib/wire/block.js';
import { keyOf } from '../../lib/wire/key.js';
import { makeTransaction } from './helpers.js';

const anyHash = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(''));

const anyWhole = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));

export const anyHeader: fc.Arbitrary<Header> = fc.record(
  {
    height: anyWhole,
    timestamp: anyWhole,
    previousHash: anyHash,
    merkleRoot: anyHash,
    nonce: anyWhole,
    hash: anyHash,
  },
  { noNullPrototype: true },
);

/** Texts that would not be the same again if they were parsed and written. */
const oddValue = fc.constantFrom(
  '1.0',
  '1e2',
  '-0',
  '12345678901234567890',
  '"\\u0061\\/\\"]},"',
  '"é\u2028😀"',
  '{"2":0, "1":0}',
  '[ ]',
  'null',
);

const textId = fc.string({ minLength: 1, maxLength: 100 }).filter((id) => id.isWellFormed());

export const anyTransaction: fc.Arbitrary<BlockTransaction> = fc
  .tuple(fc.oneof(textId, fc.maxSafeInteger()), oddValue, fc.constantFrom('', ' ', '\t'))
  .map(([id, value, space]) => ({
    key: keyOf(id),
    json: `{${space}"amount"${space}:${value},${space}"id":${JSON.stringify(id)}${space}}`,
  }));

export const anyBlock: fc.Arbitrary<Block> = fc
  .tuple(anyHeader, fc.array(anyTransaction, { maxLength: 5 }))
  .map(([header, transactions]) => toBlock(header, transactions));

/** A transaction like any other, in the form in which a block has it. */
export function included(id: string): BlockTransaction {
  return { key: keyOf(id), json: JSON.stringify(makeTransaction(id)) };
}

/** The header with the hash that is its own, and the first nonce by which that hash is accepted. */
export function mined(
  header: Omit<Header, 'hash'>,
  isAccepted = (hash: string) => hash.startsWith('000'),
): Header {
  for (let nonce = 0; ; nonce++) {
    const hash = hashOf({ ...header, nonce });
    if (isAccepted(hash)) return { ...header, nonce, hash };
  }
}
