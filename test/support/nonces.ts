/**
 * The nonces of the blocks that tests make: to find them takes some 4 ms each, and there are thousands,
 * the same in each run. Those in nonces.txt are taken from there; others are looked for as ever.
 * KEEP_NONCES=1 npm test writes down those that it lacks.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { hashOf } from '../../lib/chain/block.js';
import type { Header } from '../../lib/wire/block.js';

type Draft = Omit<Header, 'nonce' | 'hash'>;

const FILE = new URL('nonces.txt', import.meta.url);
/** So much of the hash that a block has with the nonce 0 tells it from all others. */
const NAME_CHARACTERS = 10;
/** By such a name, and the beginning that the hash is to have. */
const nonces = new Map(
  readFileSync(FILE, 'utf8')
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
);

/** Returns the nonce by which a header gets a hash with this beginning, and the hash. */
export function findNonce(
  draft: Draft,
  beginning: string,
): { readonly nonce: number; readonly hash: string } {
  const first = { ...draft, nonce: 0 };
  const name = `${hashOf(first).slice(0, NAME_CHARACTERS)}/${beginning}`;
  // A wrong one is no harm: it is looked for from there.
  const known = nonces.get(name);
  for (let nonce = Number(known ?? 0); ; nonce++) {
    const hash = hashOf({ ...draft, nonce });
    if (!hash.startsWith(beginning)) continue;
    if (known === undefined && process.env.KEEP_NONCES) appendFileSync(FILE, `${name} ${nonce}\n`);
    return { nonce, hash };
  }
}
