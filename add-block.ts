import { randomInt } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawData } from 'ws';
import { newBlock } from './lib/chain/block.js';
import { dial } from './lib/client/dial.js';
import { silent } from './lib/client/node-error.js';
import { readArguments, readCount } from './lib/command-line.js';
import { chooseNode, NODE_OPTIONS, orFail } from './lib/commands/dial-node.js';
import { LIMITS } from './lib/limits.js';
import { count, fail, printable } from './lib/log.js';
import { clientHeaders } from './lib/peers/identity.js';
import { ROOT as ALL_KEYS } from './lib/pool/merkle-tree.js';
import type { Block, BlockTransaction, Header } from './lib/wire/block.js';
import { getLatestBlockFrame, latestBlockFrame, locatorFrame } from './lib/wire/block-messages.js';
import { fitting } from './lib/wire/fitting.js';
import { type Data, type Message, type MessageType, parseMessage } from './lib/wire/messages.js';
import { reconciliationFrame } from './lib/wire/reconciliation-messages.js';
import { inOneLine } from './lib/wire/transaction.js';

const USAGE = `Usage: node add-block.js [options]

Makes a block of the oldest transactions in the pool of a node, and gives it to that node: to node-1,
or, when run inside a node folder, to that node.

  --count N         make N blocks, one after the other, while there is something in the pool
                    (default: 1)
  --all             make blocks until the pool is empty
  --empty           also when there is nothing in the pool
  --node NAME       with this node folder, such as node-2
  --address URL     with the node at this address, such as ws://localhost:4002, with the secret and
                    the certificates of the folder
  --help            print this`;

/** Nonces tried in one turn of the event loop: some milliseconds. */
const TRIES = 8192;
const PROGRESS_INTERVAL_MS = 100;
/** Interval between checks whether somebody else has made a block. */
const LOOK_INTERVAL_MS = 1000;
/** More than a block takes besides its transactions. */
const HEADER_BYTES = 512;

interface Mined {
  readonly block: Block;
  /** How long it took, as text. */
  readonly effort: string;
}

/** A request that waits for its answer. */
interface Question {
  readonly type: MessageType;
  readonly resolve: (answer: Message) => void;
}

const flags = readArguments(USAGE, {
  count: { type: 'string' },
  all: { type: 'boolean', default: false },
  empty: { type: 'boolean', default: false },
  ...NODE_OPTIONS,
});
if (flags.all && (flags.empty || flags.count !== undefined)) {
  fail('Give --all without --count and --empty: it ends when the pool is empty');
}
const total = flags.all ? Infinity : readCount('count', flags.count ?? '1');
const target = await chooseNode(import.meta.dirname, flags);
const { address } = target;
const isTerminal = process.stdout.isTTY;
let made = 0;
let shownMs = 0;
let question: Question | undefined;

process.once('SIGINT', () => {
  clearProgress();
  console.log(`Interrupted: ${address}, ${progress()}`);
  process.exit(130);
});
const { socket, isOurs } = await orFail(dial(target, clientHeaders, socketOnMessage));
if (!isOurs) fail(`${address} is a node that keeps no chain`);
socket.on('close', (code, why) => {
  clearProgress();
  const reason =
    printable(why.toString()) || (code === 1006 ? 'the connection broke' : `code ${code}`);
  fail(`${address} did not go on (${reason}): ${progress()}`);
});

while (made < total && (await makeNext())) made += 1;
clearProgress();
if (made < total) console.log(`The pool of ${address} is empty now: ${progress()}`);
process.exit(0);

/**
 * Makes a block that the node accepts. If another one is first, starts again on top of it. Returns
 * false if there is nothing left to put into one.
 */
async function makeNext(): Promise<boolean> {
  for (;;) {
    const tip = await ask(getLatestBlockFrame(), 'LATEST_BLOCK');
    const transactions = await oldestTransactions();
    // Another block has taken them all in the meantime.
    if (transactions === undefined) continue;
    if (transactions.length === 0 && !flags.empty) {
      if (made > 0) return false;
      const what = 'there is nothing to put into a block (--empty makes one without transactions)';
      fail(`The pool of ${address} is empty: ${what}`);
    }
    const mined = await mine(tip, transactions);
    if (mined === undefined) continue;
    const { block, effort } = mined;
    socket.send(latestBlockFrame(block.json), { binary: false });
    if (await isAccepted(block, tip)) {
      const rest = made + 1 === total ? describeRest(await oldestKeys()) : '';
      clearProgress();
      const what = `block ${block.height} (${block.hash}), ${count(transactions.length, 'transaction')}`;
      console.log(`${address} accepted ${what}, ${effort}${rest}`);
      return true;
    }
  }
}

/** Tries one nonce after the other; returns undefined if the tip has changed in the meantime. */
async function mine(tip: Header, transactions: BlockTransaction[]): Promise<Mined | undefined> {
  const tryNonces = newBlock(tip, transactions, Date.now());
  // Random, so that two commands that start in the same millisecond do not make the same block.
  const firstNonce = randomInt(2 ** 32);
  const startedMs = performance.now();
  let lookedMs = startedMs;
  for (let nonce = firstNonce; ; nonce += TRIES) {
    const block = tryNonces(nonce, TRIES);
    const nowMs = performance.now();
    const hashes = (block?.nonce ?? nonce + TRIES) + 1 - firstNonce;
    const seconds = (nowMs - startedMs) / 1000;
    const speed = `${Math.round(hashes / seconds)} hashes/s`;
    if (nowMs - shownMs > PROGRESS_INTERVAL_MS) {
      shownMs = nowMs;
      showProgress(`mining block ${tip.height + 1}: ${speed}, ${seconds.toFixed(1)} s`);
    }
    if (block !== undefined) return { block, effort: `after ${seconds.toFixed(1)} s (${speed})` };
    // Ctrl-C and the end of the node are noticed only between two turns.
    await nextTurn();
    if (nowMs - lookedMs < LOOK_INTERVAL_MS) continue;
    lookedMs = nowMs;
    const latest = await ask(getLatestBlockFrame(), 'LATEST_BLOCK');
    if (latest.hash !== tip.hash) return undefined;
  }
}

/** Returns whether a block is in the node's chain; false if another one was first. */
async function isAccepted(block: Block, tip: Header): Promise<boolean> {
  const { height, hash } = block;
  const latest = await ask(getLatestBlockFrame(), 'LATEST_BLOCK');
  if (latest.hash === hash) return true;
  if (latest.hash === tip.hash) fail(`${address} did not take the block: see what it says`);
  // Other blocks may already follow it.
  const after = await ask(locatorFrame('GET_HEADERS', [{ height, hash }]), 'HEADERS');
  return after.length > 0;
}

/** The first page of keys in the pool that is not empty: the oldest. */
async function oldestKeys(): Promise<Data<'KEYS'>> {
  for (let from = 0; ; ) {
    const request = reconciliationFrame({ type: 'GET_KEYS', data: { nodes: [ALL_KEYS], from } });
    const page: Data<'KEYS'> = await ask(request, 'KEYS');
    if (page.keys.length > 0 || page.next === undefined) return page;
    if (page.next <= from) fail(`${address} gives the same keys again`);
    from = page.next;
  }
}

/** What remains in the pool, as the end of a line. */
function describeRest({ keys, next }: Data<'KEYS'>): string {
  if (keys.length === 0) return '';
  return `; ${next === undefined ? '' : 'more than '}${keys.length} left in the pool`;
}

/** Takes as many of the oldest transactions as fit; undefined if they have just left the pool. */
async function oldestTransactions(): Promise<BlockTransaction[] | undefined> {
  const keys = (await oldestKeys()).keys.slice(0, LIMITS.blockTransactions);
  if (keys.length === 0) return [];
  const request = reconciliationFrame({ type: 'GET_TRANSACTIONS', data: keys });
  const transactions = await ask(request, 'TRANSACTIONS');
  const texts = transactions.map((each) => ({
    key: each.key,
    json: inOneLine(each.json),
  }));
  if (texts.length === 0) return undefined;
  const bytes = LIMITS.blockBytes - HEADER_BYTES;
  // Each with a comma.
  return fitting(texts, bytes, ({ json }) => Buffer.byteLength(json) + 1);
}

/** Sends a request to the node, and waits for the answer. */
async function ask<T extends MessageType>(frame: string, type: T): Promise<Data<T>> {
  const { clientPatienceMs: patienceMs } = LIMITS;
  const stall = setTimeout(() => fail(silent(address, patienceMs).message), patienceMs);
  const answer = await new Promise<Message>((resolve) => {
    question = { type, resolve };
    socket.send(frame);
  });
  clearTimeout(stall);
  return answer.data as Data<T>;
}

function socketOnMessage(data: RawData): void {
  const message = parseMessage(data as Buffer, true);
  if ('type' in message && message.type === question?.type) question.resolve(message);
}

function progress(): string {
  return flags.all ? `${count(made, 'block')} made` : `${made} of ${count(total, 'block')} made`;
}

function showProgress(line: string): void {
  if (isTerminal) process.stdout.write(`\r\x1b[K${line}`);
}

function clearProgress(): void {
  if (isTerminal) process.stdout.write('\r\x1b[K');
}
