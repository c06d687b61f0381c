import { createHash, randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SingleBar } from 'cli-progress';
import { WebSocket } from 'ws';
import { fail, readArguments } from './command-line.js';
import { parseAddress } from './node-1/addresses.js';
import { LIMITS, loadConfig } from './node-1/config.js';
import { transactionFrame } from './node-1/messages.js';
import { isNodeName, listNodes, ROOT } from './node-folders.js';

const USAGE = `Usage: node add-transaction.js [options]

Makes a transaction and hands it to a node: to node-1, or, when run inside a node folder, to
that node.

  --from NAME       who pays (default: alice)
  --to NAME         who is paid (default: bob)
  --amount NUMBER   how much (default: 10)
  --count N         hand over N transactions, each with an id of its own (default: 1)
  --node NAME       to this node folder, such as node-2
  --address URL     to the node at this address, such as ws://localhost:4002
  --help            print this`;

// What may wait in memory for the node to read it.
const UNREAD_BYTES = 1024 * 1024;
const PROGRESS_INTERVAL_MS = 100;
const STALL_TIMEOUT_MS = 30_000;

const flags = readArguments(USAGE, {
  from: { type: 'string', default: 'alice' },
  to: { type: 'string', default: 'bob' },
  amount: { type: 'string', default: '10' },
  count: { type: 'string', default: '1' },
  node: { type: 'string' },
  address: { type: 'string' },
});
const amount = readAmount(flags.amount);
const total = readCount(flags.count);
const address = await chooseAddress();
const bytes = Buffer.byteLength(nextTransaction().json);
if (bytes > LIMITS.transactionBytes) {
  fail(`A transaction may have ${LIMITS.transactionBytes} bytes, this one has ${bytes}`);
}

let sent = 0;
let isInterrupted = false;
process.once('SIGINT', () => {
  isInterrupted = true;
});

const socket = await connect();
const closed = new Promise<[code: number, reason: Buffer]>((resolve) => {
  socket.on('close', (code, reason) => resolve([code, reason]));
});
const stall = setTimeout(
  () => fail(`${address} has read nothing for ${STALL_TIMEOUT_MS / 1000} s; is it stopped?`),
  STALL_TIMEOUT_MS,
);
const startedMs = performance.now();
const { firstId, lastId } = await sendAll();
await closeAndWait();
report();

/** Sends the transactions, never faster than the node reads them. */
async function sendAll(): Promise<{ firstId: string; lastId: string }> {
  const ids = { firstId: '', lastId: '' };
  const bar = total > 1 && process.stdout.isTTY ? newBar() : undefined;
  bar?.start(total, 0);
  let shownMs = 0;
  while (sent < total && !isInterrupted && socket.readyState === WebSocket.OPEN) {
    const transaction = nextTransaction();
    const frame = transactionFrame(transaction);
    const written = new Promise<void>((resolve) => socket.send(frame, () => resolve()));
    sent += 1;
    ids.firstId ||= transaction.id;
    ids.lastId = transaction.id;
    if (socket.bufferedAmount > UNREAD_BYTES) await written;
    if (performance.now() - shownMs > PROGRESS_INTERVAL_MS) {
      shownMs = performance.now();
      stall.refresh();
      bar?.update(sent);
      // A Ctrl-C, or the node's end, is heard between two turns only.
      await new Promise(setImmediate);
    }
  }
  bar?.update(sent);
  bar?.stop();
  return ids;
}

/** A node answers a close frame after it has read every frame before it: that is its word. */
async function closeAndWait(): Promise<void> {
  socket.close(1000);
  const [code, reason] = await closed;
  clearTimeout(stall);
  if (code === 1000 && (sent === total || isInterrupted)) return;
  const why = code === 1006 ? 'the connection broke' : reason.toString() || `code ${code}`;
  fail(`${address} did not take all (${why}): ${sent} of ${total} were sent`);
}

function report(): void {
  if (isInterrupted && sent < total) {
    console.log(`Interrupted: ${address} took ${sent} of ${total} transactions`);
    process.exit(130);
  }
  if (total === 1) {
    console.log(`${address} took transaction ${lastId}`);
    return;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const rate = Math.round(sent / seconds);
  console.log(
    `${address} took ${sent} transactions in ${seconds.toFixed(1)} s (${rate}/s), from ${firstId} to ${lastId}`,
  );
}

async function connect(): Promise<WebSocket> {
  const client = new WebSocket(address, {
    handshakeTimeout: LIMITS.dialTimeoutMs,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytes,
  });
  await new Promise<void>((resolve) => {
    client.once('open', resolve);
    client.once('error', (error: NodeJS.ErrnoException) => fail(explain(error)));
  });
  // What follows an error, also here, is a close with a code.
  client.on('error', () => {});
  return client;
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ECONNREFUSED') return `${address} does not answer: ${error.message}`;
  return `No node is listening on ${address}: start it with node index.js in its folder`;
}

/** Alike transactions made in one millisecond still differ, by a random nonce in the hash. */
function nextTransaction(): { id: string; json: string } {
  const content = {
    fromAddress: flags.from,
    toAddress: flags.to,
    amount,
    timeStamp: Date.now(),
  };
  const nonce = randomBytes(16).toString('hex');
  const id = createHash('sha256')
    .update(JSON.stringify([content, nonce]))
    .digest('hex');
  return { id, json: JSON.stringify({ id, ...content, hash: id }) };
}

async function chooseAddress(): Promise<string> {
  if (flags.address !== undefined) {
    if (flags.node !== undefined) fail('Give either --node or --address, not both');
    if (parseAddress(flags.address) === undefined) {
      fail(`--address ${flags.address} is not an address: write it like ws://localhost:4001`);
    }
    return flags.address;
  }
  const name = flags.node ?? ownFolder() ?? 'node-1';
  const names = await listNodes();
  if (!names.includes(name)) {
    fail(`There is no node folder ${name}; there is ${names.join(', ')}`);
  }
  return loadConfig(join(ROOT, name)).address;
}

/** The node folder whose add-transaction.js was started, or where we are; undefined elsewhere. */
function ownFolder(): string | undefined {
  const places = [dirname(process.argv[1] as string), process.cwd()];
  return places
    .map((place) => relative(ROOT, realpathSync(place)))
    .find((name) => isNodeName(name));
}

function readAmount(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) {
    fail(`--amount ${text} is not a number above 0`);
  }
  return number;
}

function readCount(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    fail(`--count ${text} is not a whole number of 1 or more`);
  }
  return number;
}

function newBar(): SingleBar {
  return new SingleBar({
    format: '{bar} {percentage}% | {value} of {total} transactions | {eta} s left',
    hideCursor: true,
    stream: process.stdout,
  });
}
