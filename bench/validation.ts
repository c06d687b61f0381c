/**
 * Reads the chain in a file and checks every block of it with what a node checks it with, and says
 * how many blocks there were, and how many seconds it took: node bench/validation.js FILE
 */

import { openSync } from 'node:fs';
import { readArrayFile } from '../node-1/array-file.js';
import { parseBlock } from '../node-1/block-messages.js';
import { type Block, GENESIS, isTooEarly, whyBadContent, whyNotNext } from '../node-1/blocks.js';
import { type Key, KeySet } from '../node-1/key-set.js';

const startedMs = performance.now();
const sealed = new KeySet();
const isSealed = (key: Key) => sealed.placeOf(key) !== undefined;
let tip: Block | undefined;

readArrayFile(openSync(process.argv[2] as string, 'r'), ({ value, json }) => {
  const block = parseBlock(value, json);
  const why = block === undefined ? 'it is none' : whyInvalid(block);
  if (block === undefined || why !== undefined) {
    throw new Error(`block ${tip === undefined ? 0 : tip.height + 1}: ${why}`);
  }
  for (const { key } of block.transactions) sealed.add(key);
  tip = block;
});
const seconds = (performance.now() - startedMs) / 1000;
console.log(JSON.stringify({ height: tip?.height, seconds }));

function whyInvalid(block: Block): string | undefined {
  if (tip === undefined) return block.json === GENESIS.json ? undefined : 'it is another genesis';
  if (isTooEarly(block, Date.now())) return 'it is of a time that has not come yet';
  return whyNotNext(block, tip) ?? whyBadContent(block, isSealed);
}
