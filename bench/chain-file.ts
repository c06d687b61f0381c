/** A long chain, in the file format of a node. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GENESIS, newBlock } from '../lib/chain/block.js';
import type { Block } from '../lib/wire/block.js';
import { keyOf } from '../lib/wire/key.js';
import { transactionText } from './transactions.js';

const BLOCK_INTERVAL_MS = 1000;

/**
 * Makes a chain, the same one each time. Its blocks are made in order: each names the last one.
 *
 * @param size number of transactions in each block
 * @returns the path of its file
 */
async function makeChain(blocks: number, size: number): Promise<string> {
  const file = join(tmpdir(), `chain-${blocks}-${size}.json`);
  const stream = createWriteStream(file);
  stream.write(`[\n${GENESIS.json}`);
  for (let tip = GENESIS; tip.height < blocks; ) {
    tip = nextBlock(tip, size);
    if (!stream.write(`,\n${tip.json}`)) await once(stream, 'drain');
    // A Ctrl-C is handled only between two turns of the event loop.
    await nextTurn();
  }
  stream.end('\n]\n');
  await once(stream, 'close');
  return file;
}

/** The same, when it is first asked for. */
export function chainMadeOnce(blocks: number, size: number): () => Promise<string> {
  let file: Promise<string> | undefined;
  return () => {
    file ??= makeChain(blocks, size);
    return file;
  };
}

function nextBlock(parent: Block, size: number): Block {
  const height = parent.height + 1;
  const timestamp = GENESIS.timestamp + height * BLOCK_INTERVAL_MS;
  const included = Array.from({ length: size }, (_, place) => {
    const json = transactionText(height * size + place);
    return { key: keyOf(JSON.parse(json).id), json };
  });
  return newBlock(parent, included, timestamp)(0, Infinity) as Block;
}
