/** Pools of any size, as files that a node can start with. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { constants, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSACTION_BYTES, transactionText } from './transactions.js';

const OPENING = '[\n';
const SEPARATOR = ',\n';
export const CLOSING = '\n]\n';

/** The files there are, by the numbers of the first transaction and of that after the last. */
const files = new Map<string, Promise<string>>();

/** The file of a pool of these transactions, which is written when it is first asked for. */
export function poolFile(from: number, to: number): Promise<string> {
  const name = `pool-${from}-${to}.json`;
  const file = files.get(name) ?? writePool(join(tmpdir(), name), from, to);
  files.set(name, file);
  return file;
}

/** Puts the pool of these transactions where a node finds it, which may append to it. */
export async function copyPool(from: number, to: number, target: string): Promise<void> {
  await copyFile(await poolFile(from, to), target, constants.COPYFILE_FICLONE);
}

/** The length of the file of a pool of so many. */
export function poolBytes(count: number): number {
  const separators = SEPARATOR.length * (count - 1);
  return OPENING.length + count * TRANSACTION_BYTES + separators + CLOSING.length;
}

async function writePool(file: string, from: number, to: number): Promise<string> {
  const stream = createWriteStream(file);
  stream.write(OPENING);
  for (let number = from; number < to; number++) {
    const line = `${number === from ? '' : SEPARATOR}${transactionText(number)}`;
    if (!stream.write(line)) await once(stream, 'drain');
  }
  stream.end(CLOSING);
  await once(stream, 'close');
  return file;
}
