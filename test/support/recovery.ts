/** Pools and chains in files, and what a start must find in them after a loss of power. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { Chain } from '../../lib/chain/index.js';
import { LIMITS } from '../../lib/limits.js';
import { Pool, writeTransactions } from '../../lib/pool/index.js';
import type { Key } from '../../lib/wire/key.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { readTransaction, type Transaction } from '../../lib/wire/transaction.js';
import { manyFrame } from '../../lib/wire/transaction-messages.js';
import type { Chain as Blocks } from './chain.js';
import { outcomeOf } from './failing.js';
import { temporaryFolder } from './temporary.js';

export const POOL = 'transactions.json';
export const CHAIN = 'blocks.json';
export const PAGE_BYTES = 4096;
const noLog = () => {};
export const openPool = (folder: string) => Pool.open(folder, LIMITS.poolBytes, () => false, noLog);
export const openChain = (folder: string) => Chain.open(folder, noLog);

/** A folder with one file. */
export function folderWith(name: string, content: string | Buffer): string {
  const folder = temporaryFolder();
  fs.writeFileSync(join(folder, name), content);
  return folder;
}

/**
 * Opens what is in a folder, as a node does when it starts, and checks that nothing is lost of what
 * the file held: it is in the file, or beside it.
 *
 * @returns the file as it was before, all that is kept, and the records in the file now
 */
export async function recover(
  folder: string,
  name: string,
  open: (folder: string) => Promise<{ saved(): Promise<void> }>,
  isWrittenOver = false,
): Promise<{ before: string; kept: string; found: string[] }> {
  const file = join(folder, name);
  const before = fs.readFileSync(file, 'utf8');
  const { code, stderr } = await outcomeOf(async () => (await open(folder)).saved());
  assert.equal(code, null, stderr);
  const after = fs.readFileSync(file, 'utf8');
  const torn = `${file}.torn`;
  const kept = after + (fs.existsSync(torn) ? fs.readFileSync(torn, 'utf8') : '');
  const pieces = isWrittenOver ? [] : before.split(/[\0\n]+/);
  for (const piece of pieces) {
    assert.ok(kept.includes(piece.replace(/^\]|[,\]\s]+$/g, '')), piece);
  }
  assert.ok(Array.isArray(JSON.parse(after.replace(/^\uFEFF/, ''))));
  const found = after.split('\n').filter((line) => line.startsWith('{'));
  return { before, kept, found: found.map((line) => line.replace(/[,\] ]+$/, '')) };
}

/**
 * @param saved records that are on disk
 * @param others of which those are there that are whole
 */
export async function checkPool(
  folder: string,
  saved: readonly string[],
  others: readonly string[],
) {
  const { before, found } = await recover(folder, POOL, openPool);
  const isWhole = (json: string) => before.includes(`\n${json}`);
  const expected = [...saved, ...others.filter((json) => !saved.includes(json) && isWhole(json))];
  assert.deepEqual(found.map(shortened), expected.map(shortened));
}

/** What differs is shown. */
export function shortened(json: string): string {
  return `${json.slice(0, 24)}… ${json.length}`;
}

/** @param saved blocks that are on disk, and begin one of these chains */
export async function checkChain(folder: string, saved: number, chains: readonly Blocks[]) {
  const { found } = await recover(folder, CHAIN, openChain);
  assert.ok(found.length >= saved, `${found.length} blocks, not ${saved}`);
  const isOneOfThem = chains.some((chain) => found.every((json, i) => json === chain[i]?.json));
  assert.ok(isOneOfThem, 'blocks that follow one another');
}

/** The text of a transaction of a length in bytes. */
export function transaction(id: string, length: number): string {
  return `{"id":"${id}","note":"${'x'.repeat(length - id.length - 19)}"}`;
}

/** Transactions whose file has a length in bytes, up to the last one of them. */
export function poolUpTo(bytes: number): string[] {
  const records = Array.from({ length: 15 }, (_, i) => transaction(`saved ${i}`, 200));
  const rest = bytes - fileOfRecords(records).length + '\n]\n'.length - ',\n'.length;
  return [...records, transaction('the last one', rest)];
}

export function fileOfRecords(records: readonly string[]): string {
  return `[\n${records.join(',\n')}\n]\n`;
}

/** Adds transactions: the first as if it had come alone, the others as if in one frame. */
export function add(pool: Pool, records: readonly string[]): Promise<void> {
  const [alone, together] = [records.slice(0, 1), records.slice(1)];
  const read = parseMessage(manyFrame('RELAY', together), true);
  const others = 'type' in read && read.type === 'RELAY' ? read.data : assert.fail();
  return writeTransactions(pool, [...alone.map(readText), ...others]);
}

function readText(json: string): Transaction {
  const read = readTransaction(JSON.parse(json), json, json.length);
  return 'key' in read ? read : assert.fail(json);
}

export function keyOf(json: string): Key {
  return readText(json).key;
}

/** More than three pages of them. */
export const BATCH = Array.from({ length: 60 }, (_, i) => transaction(`new ${i}`, 150 + 3 * i));
