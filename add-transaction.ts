import type { SingleBar } from 'cli-progress';
import { withNewId } from './lib/client/new-id.js';
import { silent } from './lib/client/node-error.js';
import { TransactionSocket } from './lib/client/transaction-socket.js';
import { readArguments, readCount } from './lib/command-line.js';
import { chooseNode, NODE_OPTIONS, orFail } from './lib/commands/dial-node.js';
import { LIMITS } from './lib/limits.js';
import { fail, isPrintable, printable } from './lib/log.js';
import type { Receipt } from './lib/wire/receipt.js';

const USAGE = `Usage: node add-transaction.js [options]

Makes a transaction and hands it to a node: to node-1, or, when run inside a node folder, to
that node.

  --from NAME       who pays (default: alice)
  --to NAME         who is paid (default: bob)
  --amount NUMBER   how much (default: 10)
  --count N         hand over N transactions, each with an id of its own (default: 1)
  --node NAME       to this node folder, such as node-2
  --address URL     to the node at this address, such as ws://localhost:4002, with the secret and
                    the certificates of the folder
  --help            print this`;

/** Above 0 as JSON has it, without an exponent. */
const AMOUNT = /^(0|[1-9]\d*)(\.\d+)?$/;
const PROGRESS_INTERVAL_MS = 100;
const INTERRUPT_TIMEOUT_MS = 1000;

const flags = readArguments(USAGE, {
  from: { type: 'string', default: 'alice' },
  to: { type: 'string', default: 'bob' },
  amount: { type: 'string', default: '10' },
  count: { type: 'string', default: '1' },
  ...NODE_OPTIONS,
});
const amount = readAmount(flags.amount);
const [from, to] = [readName('from'), readName('to')];
const total = readCount('count', flags.count);
const target = await chooseNode(import.meta.dirname, flags);
const { address } = target;
const bytes = Buffer.byteLength(nextTransaction().json);
if (bytes > LIMITS.transactionBytes) {
  fail(`A transaction may have ${LIMITS.transactionBytes} bytes, this one has ${bytes}`);
}

/** What became of the transactions, by the receipts so far. */
const told = { accepted: 0, known: 0, rejected: 0 };
let whyRejected = '';
let onAllReceipts = () => {};
let sent = 0;
let isInterrupted = false;
const bar = total > 1 && process.stdout.isTTY ? await newBar() : undefined;
process.once('SIGINT', () => {
  isInterrupted = true;
  // A stopped node may never send its receipts.
  setTimeout(stopWaiting, INTERRUPT_TIMEOUT_MS).unref();
});

const socket = await orFail(TransactionSocket.open(target));
socket.onReceipt = socketOnReceipt;
const { givesReceipts } = socket;
const { clientPatienceMs: patienceMs } = LIMITS;
// A receipt comes when the transaction is on disk.
const stall = setTimeout(
  () => fail(`${silent(address, patienceMs).message} Or is its disk full?`),
  patienceMs,
);
const startedMs = performance.now();
const { firstId, lastId } = await sendAll();
if (givesReceipts) await allReceipts();
await closeAndWait();
report();

/** Sends the transactions, never faster than the node reads them. */
async function sendAll(): Promise<{ firstId: string; lastId: string }> {
  const ids = { firstId: '', lastId: '' };
  bar?.start(total, 0);
  let shownMs = 0;
  while (sent < total && !isInterrupted && socket.isOpen) {
    const transaction = nextTransaction();
    const room = socket.send(transaction.json);
    sent += 1;
    ids.firstId ||= transaction.id;
    ids.lastId = transaction.id;
    if (room !== undefined) await room;
    if (performance.now() - shownMs > PROGRESS_INTERVAL_MS) {
      shownMs = performance.now();
      stall.refresh();
      bar?.update(sent);
      // Ctrl-C and the end of the node are noticed only between two turns.
      await new Promise(setImmediate);
    }
  }
  bar?.update(sent);
  bar?.stop();
  return ids;
}

/** Waits for all receipts: only they say that a transaction is on disk, or why not. */
async function allReceipts(): Promise<void> {
  if (countReceipts() === sent) return;
  const all = new Promise<void>((resolve) => {
    onAllReceipts = resolve;
  });
  await Promise.race([all, socket.closed]);
}

function socketOnReceipt({ status, reason }: Receipt): void {
  told[status] += 1;
  if (status === 'rejected') whyRejected = printable(reason);
  stall.refresh();
  if (countReceipts() === sent) onAllReceipts();
}

function countReceipts(): number {
  return told.accepted + told.known + told.rejected;
}

/**
 * Closes the connection. A node answers a close frame after it has read every frame before it; from
 * one that gives no receipts, that is the only answer.
 */
async function closeAndWait(): Promise<void> {
  const { code, reason } = await socket.close();
  clearTimeout(stall);
  const answered = givesReceipts ? countReceipts() : sent;
  if (code === 1000 && answered === sent && (sent === total || isInterrupted)) return;
  const why = code === 1006 ? 'the connection broke' : printable(reason) || `code ${code}`;
  const what = givesReceipts
    ? `${told.accepted} of ${total} were accepted`
    : `${sent} of ${total} were sent`;
  fail(`${address} did not take all (${why}): ${what}`);
}

function report(): void {
  const verb = givesReceipts ? 'accepted' : 'took';
  const taken = givesReceipts ? told.accepted : sent;
  if (isInterrupted && (givesReceipts ? countReceipts() : sent) < total) {
    console.log(`Interrupted: ${address} ${verb} ${taken} of ${total} transactions`);
    process.exit(130);
  }
  if (told.rejected > 0) {
    const what =
      total === 1 ? `transaction ${lastId}` : `${told.rejected} of ${total} transactions`;
    fail(`${address} rejected ${what}: ${whyRejected}`);
  }
  if (total === 1) {
    console.log(`${address} ${told.known ? 'knows' : verb} transaction ${lastId}`);
    return;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const rate = Math.round(sent / seconds);
  console.log(
    `${address} ${verb} ${taken} transactions in ${seconds.toFixed(1)} s (${rate}/s), from ${firstId} to ${lastId}`,
  );
}

/** Gives up on a node that does not answer after Ctrl-C: what was sent may not be accepted. */
function stopWaiting(): void {
  bar?.stop();
  const what = givesReceipts ? `accepted ${told.accepted}` : `was sent ${sent}`;
  console.log(`Interrupted: ${address} ${what} of ${total} transactions`);
  process.exit(130);
}

function nextTransaction(): { id: string; json: string } {
  return withNewId(
    `"fromAddress":${from},"toAddress":${to},"amount":${amount},"timeStamp":${Date.now()}`,
  );
}

/** The digits as they were typed: a number of JavaScript may not have room for all of them. */
function readAmount(text: string): string {
  if (!AMOUNT.test(text) || !/[1-9]/.test(text)) fail(`--amount ${text} is not a number above 0`);
  return text;
}

/** A name as JSON. */
function readName(flag: 'from' | 'to'): string {
  const name = flags[flag];
  if (name.trim() === '') fail(`--${flag} is empty: it needs a name`);
  if (!isPrintable(name)) fail(`--${flag} ${printable(name)} has characters that nobody sees`);
  return JSON.stringify(name);
}

/** Loaded only where somebody sees it. */
async function newBar(): Promise<SingleBar> {
  const { SingleBar } = await import('cli-progress');
  return new SingleBar({
    format: '{bar} {percentage}% | {value} of {total} transactions | {eta} s left',
    hideCursor: true,
    stream: process.stdout,
  });
}
