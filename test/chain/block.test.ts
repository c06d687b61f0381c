import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import {
  GENESIS,
  hashOf,
  hasMoreWork,
  isTooEarly,
  newBlock,
  whyBadContent,
  whyForged,
  whyNotNext,
} from '../../lib/chain/block.js';
import { type Block, type BlockTransaction, type Header, toBlock } from '../../lib/wire/block.js';
import { anyBlock, anyHeader, anyTransaction, included, mined } from '../support/any-block.js';
import { checkProperty } from '../support/property.js';

const HOUR_MS = 60 * 60 * 1000;
const NO_WORK = 'its hash does not begin with 12 zero bits';

const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const nothingSealed = () => false;

/** The first block that newBlock finds. */
function nextBlock(parent: Header, transactions: BlockTransaction[], nowMs: number): Block {
  const block = newBlock(parent, transactions, nowMs)(0, Infinity);
  assert.ok(block);
  return block;
}

test('the genesis is the one block that all chains begin with', () => {
  assert.equal(
    GENESIS.json,
    '{"height":0,"timestamp":1735689600000,' +
      '"previousHash":"0000000000000000000000000000000000000000000000000000000000000000",' +
      '"merkleRoot":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",' +
      '"nonce":3799,"hash":"000b2806fd5ebd064e445a0d509f59ad4a34854a7dae1648ac823189eac77c8a",' +
      '"transactions":[]}',
  );
  const { transactions, json, ...header } = GENESIS;
  assert.deepEqual({ ...header, transactions }, JSON.parse(json));
  assert.equal(new Date(GENESIS.timestamp).toISOString(), '2025-01-01T00:00:00.000Z');
  assert.equal(whyForged(GENESIS), undefined);
  assert.equal(whyBadContent(GENESIS, nothingSealed), undefined);
});

test('the hash of a block is the SHA-256 of the canonical JSON of its header', (t) => {
  checkProperty(
    t,
    fc.property(anyBlock, (block) => {
      const { hash: _, transactions: __, json: ___, ...hashed } = block;
      const expected = sha256(canonicalize(hashed) as string).toString('hex');
      assert.deepEqual([hashOf(hashed), hashOf(block)], [expected, expected]);
    }),
  );
});

test('the text of a block is its header, and the transactions exactly as they are', (t) => {
  const transactions = fc.array(anyTransaction, { maxLength: 5 });
  checkProperty(
    t,
    fc.property(anyHeader, transactions, (header, some) => {
      const backwards = Object.fromEntries(Object.entries(header).reverse());
      const block = toBlock({ ...(backwards as unknown as Header), ...{ extra: 1 } }, some);
      assert.deepEqual(block, { ...header, transactions: some, json: block.json });
      const names = ['height', 'timestamp', 'previousHash', 'merkleRoot', 'nonce', 'hash'];
      const texts = some.map(({ json }) => json).join(',');
      const fields = JSON.stringify(header, names).slice(0, -1);
      assert.equal(block.json, `${fields},"transactions":[${texts}]}`);
      const parsed = { ...header, transactions: some.map(({ json }) => JSON.parse(json)) };
      assert.deepEqual(JSON.parse(block.json), parsed);
      assert.equal(toBlock(block, block.transactions).json, block.json);
    }),
  );
});

test('a new block passes all rules, also where the clock has been put back', (t) => {
  const transactions = fc.uniqueArray(anyTransaction, { selector: ({ key }) => key, maxLength: 9 });
  const clockMs = fc.integer({ min: -2 * HOUR_MS, max: 2 * HOUR_MS });
  checkProperty(
    t,
    fc.property(fc.array(fc.tuple(transactions, clockMs), { maxLength: 3 }), (blocks) => {
      let parent: Header = GENESIS;
      for (const [some, sinceMs] of blocks) {
        const nowMs = parent.timestamp + sinceMs;
        const block = nextBlock(parent, some, nowMs);
        assert.equal(whyNotNext(block, parent), undefined);
        assert.equal(whyBadContent(block, nothingSealed), undefined);
        assert.equal(block.timestamp, sinceMs > 0 ? nowMs : parent.timestamp + 1);
        assert.deepEqual(block.transactions, some);
        assert.deepEqual(block, toBlock(block, some));
        parent = block;
      }
    }),
    25,
  );
});

test('the nonces that are tried are those that were asked for', () => {
  const tryNonces = newBlock(GENESIS, [included('a')], GENESIS.timestamp + 1);
  const found = tryNonces(0, Infinity);
  const next = tryNonces((found?.nonce ?? 0) + 1, Infinity);
  assert.ok(found && next && found.nonce > 0 && next.nonce > found.nonce);
  assert.equal(tryNonces(0, found.nonce), undefined);
  assert.deepEqual(tryNonces(0, found.nonce + 1), found);
  assert.deepEqual(tryNonces(found.nonce, 1), found);
  assert.equal(tryNonces(found.nonce, 0), undefined);
  assert.equal(tryNonces(found.nonce + 1, next.nonce - found.nonce - 1), undefined);
});

test('a header with the hash of another one is forged', (t) => {
  const block = nextBlock(GENESIS, [included('a')], GENESIS.timestamp + 1);
  for (const hash of [GENESIS.hash, '0'.repeat(64), block.hash.toUpperCase(), `${block.hash}0`]) {
    assert.equal(whyForged({ ...block, hash }), 'its hash is not its own');
  }
  const field = fc.constantFrom('height', 'timestamp', 'previousHash', 'merkleRoot', 'nonce');
  checkProperty(
    t,
    fc.property(anyHeader, field, (other, name) => {
      fc.pre(other[name] !== block[name]);
      assert.equal(whyForged({ ...block, [name]: other[name] }), 'its hash is not its own');
    }),
  );
});

test('the hash begins with 12 zero bits, and needs no more', () => {
  const least = mined(GENESIS, (hash) => hash.startsWith('000f'));
  assert.equal(whyForged(least), undefined);
  for (const digits of ['001', '00f', '010', '800', 'fff']) {
    const header = mined(GENESIS, (hash) => hash.startsWith(digits));
    assert.equal(whyForged(header), NO_WORK, header.hash);
  }
});

test('a header that does not follow another one is told why', () => {
  const parent = nextBlock(GENESIS, [], GENESIS.timestamp + HOUR_MS);
  const block = nextBlock(parent, [included('b')], parent.timestamp + 1);
  assert.equal(whyNotNext(block, parent), undefined);
  const table: [Partial<Header>, string][] = [
    [{ height: 1 }, 'it is no block 2'],
    [{ height: 3 }, 'it is no block 2'],
    [{ previousHash: GENESIS.hash }, 'it follows another block'],
    [{ timestamp: parent.timestamp }, 'it is not later than the block before it'],
    [{ timestamp: parent.timestamp - 1 }, 'it is not later than the block before it'],
  ];
  for (const [changes, why] of table) {
    assert.equal(whyNotNext(mined({ ...block, ...changes }), parent), why);
  }
  assert.equal(whyNotNext({ ...block, nonce: block.nonce + 1 }, parent), 'its hash is not its own');
  const tooLittle = mined(block, (hash) => hash.startsWith('001'));
  assert.equal(whyNotNext(tooLittle, parent), NO_WORK);
});

test('a block may be ahead of the clock by two hours', () => {
  const at = (timestamp: number) => isTooEarly({ ...GENESIS, timestamp }, 1_700_000_000_000);
  for (const timestamp of [0, 1_700_000_000_000, 1_700_007_199_999, 1_700_007_200_000]) {
    assert.equal(at(timestamp), false);
  }
  assert.ok(at(1_700_007_200_001) && at(Number.MAX_SAFE_INTEGER));
});

test('of two chains the longer one has more work, and none of two that are equal', (t) => {
  checkProperty(
    t,
    fc.property(anyHeader, anyHeader, (a, b) => {
      assert.equal(hasMoreWork(a, b), a.height > b.height);
      assert.equal(hasMoreWork(a, { ...b, height: a.height }), false);
      assert.equal(hasMoreWork({ ...b, height: a.height + 1 }, a), true);
    }),
  );
});
