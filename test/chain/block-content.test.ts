/** What may be in a block, and what may not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GENESIS,
  merkleRootOf,
  newBlock,
  whyBadContent,
  whyNotNext,
} from '../../lib/chain/block.js';
import { type Block, type BlockTransaction, readBlock, toBlock } from '../../lib/wire/block.js';
import { included } from '../support/any-block.js';

const KiB = 1024;

const rootOf = (transactions: readonly BlockTransaction[]) =>
  merkleRootOf(transactions.map(({ json }) => json));
const nothingSealed = () => false;

/** A block whose content is as it must be, but for the root if another one is given. */
function blockOf(
  transactions: readonly BlockTransaction[],
  merkleRoot = rootOf(transactions),
): Block {
  return toBlock({ ...GENESIS, merkleRoot }, transactions);
}

/** A block of so many bytes, in as few characters as it takes. */
function blockOfBytes(bytes: number): Block {
  const withNote = (note: string) =>
    blockOf([included('a'), { ...included('b'), json: `{"id":"b","note":"${note}"}` }]);
  const missing = bytes - Buffer.byteLength(withNote('').json);
  return withNote('é'.repeat(missing / 2) + 'x'.repeat(missing % 2));
}

test('what cannot be in a block is told why', () => {
  const [a, b, c] = [included('a'), included('b'), included('c')];
  // The same id with another content.
  const twin = { ...a, json: a.json.replace('alice', 'eve') };
  assert.equal(whyBadContent(blockOf([a, b, c]), nothingSealed), undefined);
  const wrongRoot = 'its Merkle root is not that of its transactions';
  for (const [transactions, merkleRoot] of [
    [[a, b], rootOf([b, a])],
    [[a, b], rootOf([a])],
    [[a, b, c], rootOf([a, b, c, c])],
    [[twin], rootOf([a])],
    [[], rootOf([a])],
  ] as const) {
    assert.equal(whyBadContent(blockOf(transactions, merkleRoot), nothingSealed), wrongRoot);
  }
  for (const transactions of [
    [a, a],
    [a, b, twin],
    [a, b, b],
  ]) {
    assert.equal(whyBadContent(blockOf(transactions), nothingSealed), 'it has a transaction twice');
  }
  for (const each of [a, b, c]) {
    assert.equal(
      whyBadContent(blockOf([a, b, c]), (key) => key === each.key),
      'it has a transaction that is in the chain already',
    );
  }
  assert.equal(
    whyBadContent(blockOf([]), () => true),
    undefined,
  );
});

test('no byte of a stored block can be another one', () => {
  const block = newBlock(GENESIS, [included('a'), included('b'), included('c')], 0)(0, Infinity);
  assert.ok(block);
  const whyNot = (json: string) => {
    const read = readBlock(json);
    if (read === undefined) return 'it is none';
    return whyNotNext(read, GENESIS) ?? whyBadContent(read, nothingSealed);
  };
  assert.equal(whyNot(block.json), undefined);
  for (let at = 0; at < block.json.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32]) {
      const other = String.fromCharCode(block.json.charCodeAt(at) ^ bit);
      const changed = block.json.slice(0, at) + other + block.json.slice(at + 1);
      try {
        assert.ok(whyNot(changed), changed);
      } catch (error) {
        assert.ok(error instanceof SyntaxError, changed);
      }
    }
  }
});

test('a block has at most 1,024 transactions and 256 KiB', () => {
  const many = Array.from({ length: 1025 }, (_, i) => included(`t${i}`));
  assert.equal(whyBadContent(blockOf(many.slice(1)), nothingSealed), undefined);
  const tooMany = 'it has more than 1024 transactions';
  assert.equal(whyBadContent(blockOf(many), nothingSealed), tooMany);
  const [fit, tooLarge] = [blockOfBytes(256 * KiB), blockOfBytes(256 * KiB + 1)];
  assert.equal(whyBadContent(fit, nothingSealed), undefined);
  assert.equal(whyBadContent(tooLarge, nothingSealed), 'it has more than 262144 bytes');
});
