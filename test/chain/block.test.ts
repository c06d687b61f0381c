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
  merkleRootOf,
  newBlock,
  whyBadContent,
  whyForged,
  whyNotNext,
} from '../../lib/chain/block.js';
import {
  type Block,
  type BlockTransaction,
  type Header,
  readBlock,
  toBlock,
} from '../../lib/wire/block.js';
import { anyBlock, anyHeader, anyTransaction, included, mined } from '../support/any-block.js';
import { checkProperty } from '../support/property.js';

const KiB = 1024;
const HOUR_MS = 60 * 60 * 1000;
const NO_WORK = 'its hash does not begin with 12 zero bits';

const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const rootOf = (transactions: readonly BlockTransaction[]) =>
  merkleRootOf(transactions.map(({ json }) => json));
const nothingSealed = () => false;

/** The root of a Merkle tree, word for word as RFC 6962 defines it, in section 2.1. */
function definedRoot(texts: readonly string[]): Buffer {
  if (texts.length === 0) return sha256();
  if (texts.length === 1) return sha256(Buffer.from([0]), texts[0] as string);
  let k = 1;
  while (2 * k < texts.length) k *= 2;
  return sha256(Buffer.from([1]), definedRoot(texts.slice(0, k)), definedRoot(texts.slice(k)));
}

/** The first block that newBlock finds. */
function nextBlock(parent: Header, transactions: BlockTransaction[], nowMs: number): Block {
  const block = newBlock(parent, transactions, nowMs)(0, Infinity);
  assert.ok(block);
  return block;
}

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

test('the Merkle root is that of RFC 6962', (t) => {
  // From the tests of Certificate Transparency, as far as they are text.
  const leaves = ['', '\0', '\x10', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  for (const [count, root] of roots.entries()) {
    assert.equal(merkleRootOf(leaves.slice(0, count)), root);
  }
  checkProperty(
    t,
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 70 }), (texts) => {
      assert.equal(merkleRootOf(texts), definedRoot(texts).toString('hex'));
    }),
  );
});

test('no other list of transactions has the same Merkle root, not even with the last doubled', (t) => {
  const texts = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 });
  checkProperty(
    t,
    fc.property(texts, fc.nat(), fc.nat(), (all, i, j) => {
      const [a, b] = [i % all.length, j % all.length];
      const [first, second] = [all[a] as string, all[b] as string];
      const others = [
        all.with(a, `${first} `),
        all.toSpliced(a, 1),
        all.toSpliced(a, 0, second),
        [...all, ''],
        // CVE-2012-2459: where any of these ends, the level of Bitcoin's tree would be filled.
        ...all.map((_, at) => [...all, ...all.slice(at)]),
      ];
      if (a !== b) others.push(all.with(a, second).with(b, first), all.with(a, second));
      for (const list of others) assert.notEqual(merkleRootOf(list), merkleRootOf(all));
    }),
  );
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
  const block = nextBlock(GENESIS, [included('a'), included('b'), included('c')], 0);
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
