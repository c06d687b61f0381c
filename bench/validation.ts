/**
 * Reads the chain in a file and checks every block with the rules of a node. Prints the height of
 * the chain, and how many seconds that took: node bench/validation.js FILE
 */

import { openSync } from 'node:fs';
import { GENESIS, isTooEarly, whyBadContent, whyNotNext } from '../lib/chain/block.js';
import { KeySet } from '../lib/pool/key-set.js';
import { readArrayFile } from '../lib/storage/array-file.js';
import { type Block, readBlock } from '../lib/wire/block.js';
import type { Key } from '../lib/wire/key.js';

const startedMs = performance.now();
const included = new KeySet();
const isIncluded = (key: Key) => included.placeOf(key) !== undefined;
let tip: Block | undefined;

const onElement = ({ value: block }: { value: Block | undefined }) => {
  const why = block === undefined ? 'it is none' : whyInvalid(block);
  if (block === undefined || why !== undefined) {
    throw new Error(`block ${tip === undefined ? 0 : tip.height + 1}: ${why}`);
  }
  for (const { key } of block.transactions) included.add(key);
  tip = block;
};
await readArrayFile(openSync(process.argv[2] as string, 'r'), { parse: readBlock, onElement });
const seconds = (performance.now() - startedMs) / 1000;
console.log(JSON.stringify({ height: tip?.height, seconds }));

function whyInvalid(block: Block): string | undefined {
  if (tip === undefined) return block.json === GENESIS.json ? undefined : 'it is another genesis';
  if (isTooEarly(block, Date.now())) return 'it is of a time that has not come yet';
  return whyNotNext(block, tip) ?? whyBadContent(block, isIncluded);
}
