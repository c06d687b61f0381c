/**
 * Gives what reads from the network whatever it may be given, in the process and over a socket:
 * nothing may throw, what is let in must be within its bounds, and a node must live on.
 */

import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { readArguments } from '../../lib/command-line.js';
import { LIMITS } from '../../lib/limits.js';
import { fail } from '../../lib/log.js';
import { parseAddress } from '../../lib/peers/addresses.js';
import type { Block } from '../../lib/wire/block.js';
import { KEY_BYTES, keyOf } from '../../lib/wire/key.js';
import { type Message, parseMessage } from '../../lib/wire/messages.js';
import type { Transaction } from '../../lib/wire/transaction.js';
import { transactionFrame } from '../../lib/wire/transaction-messages.js';
import { askStatus } from '../support/client.js';
import { isJson, makeTransaction, until } from '../support/helpers.js';
import { Network } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { anyAddress, payload } from './fuzz-messages.js';
import { pay, type Visit, visits } from './fuzz-visits.js';

const USAGE = `Usage: npm run fuzz -- [options]

Gives the code that reads from the network random bytes, messages and frames, right and nearly
right, and a node that runs as well. A run that fails says how to run it again.

  --seed N      what is given follows from it (default: a new one)
  --seconds N   how long (default: 60)
  --help        print this`;

/** A round follows from its own seed, and is short, so that a failure is soon found again. */
const FRAMES_A_ROUND = 500;
const VISITS_A_ROUND = 10;
const PROGRESS_INTERVAL_MS = 10_000;
const REPORT_CHARACTERS = 3000;

/** Says which seed brings a failure back at once. */
class FuzzError extends Error {
  readonly seed: number;

  constructor(error: Error, seed: number) {
    super(error.message.slice(0, REPORT_CHARACTERS));
    this.seed = seed;
  }
}

/**
 * Fuzzes for a while, or until it is stopped.
 *
 * @param seed of the first round; the next one has the next
 * @param tell hears of the progress, in a few lines
 * @throws FuzzError that says what does not hold
 */
export async function runFuzz(
  seed: number,
  seconds: number,
  tell: (line: string) => void,
  stop = new AbortController().signal,
): Promise<void> {
  const network = await Network.create();
  let round = 0;
  const counts = () => {
    const rounds = `${round} rounds, ${2 * round * FRAMES_A_ROUND} texts`;
    return `${rounds}, ${round * VISITS_A_ROUND} times a node was visited`;
  };
  try {
    const node = await network.startNode();
    const endMs = performance.now() + seconds * 1000;
    let toldMs = performance.now();
    for (; performance.now() < endMs && !stop.aborted; round++) {
      await playRound(seed + round, node);
      if (performance.now() - toldMs < PROGRESS_INTERVAL_MS) continue;
      toldMs = performance.now();
      tell(counts());
    }
  } catch (error) {
    throw new FuzzError(error as Error, seed + round);
  } finally {
    await network.close();
  }
  tell(`${stop.aborted ? 'Interrupted' : 'Nothing found'}: ${counts()}`);
}

async function playRound(seed: number, node: RunningNode): Promise<void> {
  const many = { seed, numRuns: FRAMES_A_ROUND, includeErrorInReport: true };
  fc.assert(fc.property(payload(anyAddress), fc.boolean(), checkFrame), many);
  await nextTurn();
  fc.assert(fc.property(anyAddress, checkAddress), many);
  await nextTurn();
  let visit = 0;
  const check = async (all: Visit[]) => {
    await Promise.all(all.map((each) => pay(each, node)));
    await checkNode(node, `fresh ${seed} ${visit++}`);
  };
  // Looking for a smaller failure would mean a new node for each attempt.
  const few = { ...many, numRuns: VISITS_A_ROUND, endOnFailure: true };
  await fc.assert(fc.asyncProperty(visits, check), few);
  await checkPool(node);
}

/** Whatever is read from a frame is within its bounds, and says what the frame says. */
function checkFrame(frame: Buffer, isOurs: boolean): void {
  const message = parseMessage(frame, isOurs);
  // Of any other, ws does not tell.
  if (!isUtf8(frame)) return;
  // Of a large one, no more is read than is needed to know that it is of no use.
  const isOutline = frame.length > LIMITS.largeBytes && !isJson(frame.toString());
  if ('unknown' in message) {
    if (!isOutline) assert.equal(JSON.parse(frame.toString()).type, message.unknown);
  } else if ('malformed' in message) {
    assert.ok(message.malformed.length < 200, 'a reason that fits a line');
    if (message.id != null) checkId(message.id);
  } else {
    assert.ok(isOurs || message.type === 'HANDSHAKE' || message.type === 'TRANSACTION');
    checkMessage(message, JSON.parse(frame.toString()));
  }
}

function checkMessage(message: Message, source: { type: unknown; data: unknown }): void {
  assert.equal(message.type, source.type);
  const { type, data } = message;
  if (type === 'TRANSACTION') checkTransaction(data, source.data);
  else if (type === 'TRANSACTIONS' || type === 'RELAY') {
    assert.ok(data.length <= LIMITS.keys);
    const bytes = data.reduce((sum, { json }) => sum + json.length, 0);
    assert.ok(bytes <= LIMITS.answerBytes + 2 * LIMITS.transactionBytes, `${bytes} bytes`);
    for (const [index, each] of data.entries()) {
      checkTransaction(each, (source.data as unknown[])[index]);
    }
  } else if (type === 'HANDSHAKE') {
    assert.ok(data.length <= LIMITS.handshakeAddresses);
    assert.deepEqual(data, (source.data as unknown[]).slice(0, data.length));
    for (const address of data) assert.equal(typeof address, 'string');
  } else if (type === 'NODES') {
    assert.ok(data.length <= LIMITS.treeNodes);
    for (const digests of data) assert.equal(digests.length, 128);
  } else if (type === 'GET_NODES') checkNames(data, 3);
  else if (type === 'GET_KEYS') {
    checkNames(data.nodes, 4);
    checkPlace(data.from);
  } else if (type === 'KEYS') {
    checkKeys(data.keys, (source.data as { keys: unknown }).keys);
    checkPlace(data.next ?? 0);
  } else if (type === 'GET_TRANSACTIONS' || type === 'OFFER_KEYS') checkKeys(data, source.data);
  else checkBlocks(type, data, source.data);
}

function checkBlocks(type: string, data: unknown, source: unknown): void {
  if (type === 'GET_LATEST_BLOCK') return;
  const parts = (type === 'LATEST_BLOCK' ? [data] : data) as Block[];
  const rateLimits = (type === 'LATEST_BLOCK' ? [source] : source) as object[];
  if (type.startsWith('GET_')) assert.ok(parts.length <= LIMITS.locatorEntries);
  if (type === 'HEADERS') assert.ok(parts.length <= LIMITS.headers);
  for (const [i, { transactions, json, ...fields }] of parts.entries()) {
    assert.deepEqual({ ...rateLimits[i], ...fields }, rateLimits[i]);
    if (transactions !== undefined)
      assert.deepEqual({ ...rateLimits[i], ...JSON.parse(json) }, rateLimits[i]);
    for (const { key, json } of transactions ?? []) {
      assert.ok(isWithin(LIMITS.transactionLevels, JSON.parse(json)), 'too deep');
      assert.equal(key.length, KEY_BYTES);
    }
  }
}

function checkTransaction(transaction: Transaction, source: unknown): void {
  const { id, key, json } = transaction;
  checkId(id);
  assert.ok(typeof id === 'string' || Number.isSafeInteger(id) || !Number.isInteger(id));
  assert.equal(key, keyOf(id));
  assert.ok(json.length <= LIMITS.transactionBytes, `${json.length} bytes`);
  const value = JSON.parse(json.toString());
  assert.ok(isWithin(LIMITS.transactionLevels, value), 'too deep');
  assert.deepEqual(value, source);
  assert.deepEqual(parseMessage(transactionFrame(json), false), {
    type: 'TRANSACTION',
    data: transaction,
  });
}

function checkId(id: unknown): void {
  if (typeof id === 'number') return;
  assert.ok(typeof id === 'string' && id.length > 0 && id.length <= LIMITS.idCharacters);
  assert.ok(id.isWellFormed());
}

function checkNames(names: readonly string[], digits: number): void {
  assert.ok(names.length <= LIMITS.treeNodes);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.ok(/^[0-9a-f]*$/.test(name) && name.length <= digits, name);
}

function checkKeys(keys: readonly string[], source: unknown): void {
  assert.ok(keys.length <= LIMITS.keys);
  assert.equal(Buffer.from(keys.join(''), 'latin1').toString('base64'), source);
  for (const key of keys) assert.equal(key.length, KEY_BYTES);
}

function checkPlace(place: number): void {
  assert.ok(Number.isSafeInteger(place) && place >= 0, String(place));
}

function isWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isWithin(levels - 1, part));
}

/** What is taken for an address leads nowhere but to a host and a port. */
function checkAddress(text: string): void {
  const address = parseAddress(text);
  if (address === undefined) return;
  assert.equal(address.text, text);
  assert.ok(text.length <= LIMITS.addressCharacters);
  assert.ok(/^[!-~]+$/.test(text), 'ASCII alone');
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  assert.ok(hostname !== '' && (protocol === 'ws:' || protocol === 'wss:'));
  assert.equal(username + password + pathname + search + hash, '/');
  const port = Number(/:(\d+)$/.exec(address.key)?.[1]);
  assert.ok(port >= 1 && port <= 65_535, address.key);
  // With the port that goes without saying, it may be longer than an address that we take.
  if (address.key.length > LIMITS.addressCharacters) return;
  const again = parseAddress(address.key);
  assert.deepEqual([again?.key, again?.scope], [address.key, address.scope]);
}

async function checkNode(node: RunningNode, id: string): Promise<void> {
  const status = await askStatus(node.address, makeTransaction(id)).catch((error) => [error]);
  assert.equal(node.stderr, '');
  assert.ok(node.isRunning, 'the node lives');
  assert.deepEqual(status, ['accepted']);
}

async function checkPool(node: RunningNode): Promise<void> {
  await until('transactions.json to be JSON', async () => isJson(await node.poolText()));
  const isObject = (value: unknown) => value !== null && !Array.isArray(value);
  for (const each of await node.pool()) {
    assert.ok(typeof each === 'object' && isObject(each), JSON.stringify(each));
  }
}

async function main(): Promise<void> {
  const flags = readArguments(USAGE, {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    seconds: { type: 'string', default: '60' },
  });
  const [seed, seconds] = [Number(flags.seed), Number(flags.seconds)];
  if (!Number.isSafeInteger(seed)) fail(`--seed ${flags.seed} is not a whole number`);
  if (!(seconds > 0 && seconds < Infinity))
    fail(`--seconds ${flags.seconds} is not a number above 0`);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  console.log(`Seed ${seed}, ${seconds} s`);
  try {
    await runFuzz(seed, seconds, console.log, stop.signal);
  } catch (error) {
    const { message, seed: found } = error as FuzzError;
    fail(`${message}\nRun it again: npm run fuzz -- --seed ${found} --seconds ${seconds}`);
  }
  if (stop.signal.aborted) process.exit(130);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
