/**
 * The rules of blocks: when a block is valid, and which of two chains wins. Pure.
 *
 * A block includes transactions. It names the block before it by that block's hash, and its own
 * hash covers its whole content. So the hash of the latest block is enough to check all earlier
 * ones.
 */

import { LIMITS } from '../limits.js';
import { hash } from '../runtime.js';
import { type Block, type BlockTransaction, type Header, toBlock } from '../wire/block.js';
import type { Key } from '../wire/key.js';

/**
 * The number of zero bits at the start of a block's hash. Each further bit doubles the time to make
 * a block; 12 bits take 4,096 attempts on average, a few milliseconds. Nodes with another
 * difficulty form another network.
 */
export const DIFFICULTY = 12;

/** A hash has the zero bits if its text is less than this. */
const FIRST_WITHOUT_WORK = (2 ** (32 - DIFFICULTY)).toString(16).padStart(8, '0');

/** Prefixes of hashed data, so that an inner node of the tree cannot pass for a leaf. */
const LEAF = '\0';
const INNER = 1;
const HASH_BYTES = 32;

/** The first block of every chain, the same in all nodes. It includes no transactions. */
export const GENESIS = toBlock(
  {
    height: 0,
    timestamp: 1735689600000,
    previousHash: '0'.repeat(64),
    merkleRoot: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    nonce: 3799,
    hash: '000b2806fd5ebd064e445a0d509f59ad4a34854a7dae1648ac823189eac77c8a',
  },
  [],
);

/**
 * The root of a Merkle tree (Merkle, 1987) over transactions, as in RFC 6962, section 2.1: an odd
 * node at the end of a level moves up unchanged. (Bitcoin pairs it with itself, so a block with its
 * last transactions doubled has the same root, CVE-2012-2459.)
 *
 * @param texts the whole text of each transaction, so that nothing in it can be forged
 * @returns the root in hex; without transactions, the SHA-256 of no bytes
 */
export function merkleRootOf(texts: readonly string[]): string {
  if (texts.length === 0) return hash('sha256', '');
  // A character a byte: Node.js returns such a string in less than half the time of a Buffer.
  let level = texts.map((text) => hash('sha256', LEAF + text, 'binary'));
  const inner = Buffer.alloc(1 + 2 * HASH_BYTES, INNER);
  while (level.length > 1) {
    const above: string[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as string, level[i + 1]];
      if (right !== undefined) inner.write(left + right, 1, 'latin1');
      above.push(right === undefined ? left : hash('sha256', inner, 'binary'));
    }
    level = above;
  }
  return Buffer.from(level[0] as string, 'latin1').toString('hex');
}

/**
 * Returns the hash of a block: the SHA-256 of its header without the hash, as canonical JSON (RFC
 * 8785).
 */
export function hashOf(header: Omit<Header, 'hash'>): string {
  const { height, merkleRoot, nonce, previousHash, timestamp } = header;
  return hash(
    'sha256',
    `{"height":${height},"merkleRoot":"${merkleRoot}","nonce":${nonce},"previousHash":"${previousHash}","timestamp":${timestamp}}`,
  );
}

/**
 * Prepares the next block.
 *
 * @param parent the block before it
 * @param transactions to include: all different, and none of them in the chain
 * @param nowMs the time, in ms since 1970
 * @returns a function that takes the first nonce to try and how many to try; it returns the block
 * once a nonce is found
 */
export function newBlock(
  parent: Header,
  transactions: readonly BlockTransaction[],
  nowMs: number,
): (firstNonce: number, tries: number) => Block | undefined {
  const header = {
    height: parent.height + 1,
    // Later than its parent, even if the clock was put back.
    timestamp: Math.max(nowMs, parent.timestamp + 1),
    previousHash: parent.hash,
    merkleRoot: merkleRootOf(transactions.map(({ json }) => json)),
    nonce: 0,
    hash: '',
  };
  return (firstNonce, tries) => {
    for (header.nonce = firstNonce; header.nonce < firstNonce + tries; header.nonce++) {
      header.hash = hashOf(header);
      if (hasWork(header)) return toBlock(header, transactions);
    }
    return undefined;
  };
}

/**
 * Returns why a header proves no work: its hash does not match its content, or lacks the zero bits;
 * undefined if it does prove work.
 */
export function whyForged(header: Header): string | undefined {
  if (header.hash !== hashOf(header)) return 'its hash is not its own';
  if (!hasWork(header)) return `its hash does not begin with ${DIFFICULTY} zero bits`;
  return undefined;
}

/** Returns why a header does not follow another one; undefined if it does. */
export function whyNotNext(header: Header, parent: Header): string | undefined {
  if (header.height !== parent.height + 1) return `it is no block ${parent.height + 1}`;
  if (header.previousHash !== parent.hash) return 'it follows another block';
  if (header.timestamp <= parent.timestamp) return 'it is not later than the block before it';
  return whyForged(header);
}

/** Whether a header's time is further ahead than clocks may differ. */
export function isTooEarly(header: Header, nowMs: number): boolean {
  return header.timestamp > nowMs + LIMITS.blockAheadMs;
}

/**
 * Returns why the content of a block is invalid; undefined if it is valid.
 *
 * @param isIncluded whether a transaction is in an earlier block of the same chain
 */
export function whyBadContent(block: Block, isIncluded: (key: Key) => boolean): string | undefined {
  const { transactions, merkleRoot, json } = block;
  if (transactions.length > LIMITS.blockTransactions) {
    return `it has more than ${LIMITS.blockTransactions} transactions`;
  }
  if (Buffer.byteLength(json) > LIMITS.blockBytes) {
    return `it has more than ${LIMITS.blockBytes} bytes`;
  }
  if (merkleRoot !== merkleRootOf(transactions.map((each) => each.json))) {
    return 'its Merkle root is not that of its transactions';
  }
  const keys = new Set(transactions.map(({ key }) => key));
  if (keys.size < transactions.length) return 'it has a transaction twice';
  if (transactions.some(({ key }) => isIncluded(key))) {
    return 'it has a transaction that is in the chain already';
  }
  return undefined;
}

/**
 * Whether another chain replaces ours: it must have more work. All blocks take the same work, so
 * the longer chain wins. Of two equal chains, each node keeps its own until the next block.
 *
 * @param theirs and `ours`: the latest block of each
 */
export function hasMoreWork(theirs: Header, ours: Header): boolean {
  return theirs.height > ours.height;
}

function hasWork(header: Header): boolean {
  return header.hash < FIRST_WITHOUT_WORK;
}
