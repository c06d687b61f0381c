/** The Merkle root of the transactions in a block. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { merkleRootOf } from '../../lib/chain/block.js';
import { checkProperty } from '../support/property.js';

const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The root of a Merkle tree, word for word as RFC 6962 defines it, in section 2.1. */
function definedRoot(texts: readonly string[]): Buffer {
  if (texts.length === 0) return sha256();
  if (texts.length === 1) return sha256(Buffer.from([0]), texts[0] as string);
  let k = 1;
  while (2 * k < texts.length) k *= 2;
  return sha256(Buffer.from([1]), definedRoot(texts.slice(0, k)), definedRoot(texts.slice(k)));
}

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
