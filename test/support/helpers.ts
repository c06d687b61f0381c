/** Small things that every test needs. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const OUR_NODE = join(PROJECT, 'node-1');

/**
 * Generous, because a machine may be busy; but shorter than any wait for the next comparison of two
 * pools, which would hide that something was not relayed.
 */
export const DEADLINE_MS = 24_000;
/** How long one test may take. */
export const TEST_LIMIT_MS = 300_000;

/**
 * Polls until `condition` holds; after the deadline, throws with what was waited for, also if the condition
 * gives no answer.
 */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const tell = () =>
    `waited ${deadlineMs / 1000} s for: ${typeof what === 'string' ? what : what()}`;
  const holds = async () => {
    const answer = condition();
    return typeof answer === 'boolean' ? answer : within(deadlineMs, answer, tell);
  };
  const startMs = performance.now();
  for (let lookedMs = startMs; !(await holds()); lookedMs = performance.now()) {
    const nowMs = performance.now();
    const waitedMs = nowMs - startMs;
    if (waitedMs > deadlineMs) throw new Error(tell());
    // What takes long is looked at less often, for looking takes time from what is waited for.
    const costMs = Math.min(nowMs - lookedMs, 100);
    await sleep(Math.min(20 + waitedMs / 20, 100) + 2 * costMs);
  }
}

/** Waits for a promise, but not for ever: what hangs is a failure that says so. */
export async function within<T>(
  limitMs: number,
  promise: Promise<T>,
  tell = () => `not done after ${limitMs / 1000} s`,
): Promise<T> {
  const isDone = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: isDone.signal }).then(() => {
    throw new Error(tell());
  });
  limit.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    isDone.abort();
  }
}

/** Opens a connection, as a client that is no node. */
export async function connectTo(
  address: string,
  headers: Record<string, string> = {},
): Promise<WebSocket> {
  const socket = new WebSocket(address, {
    headers,
    perMessageDeflate: false,
    handshakeTimeout: DEADLINE_MS,
  });
  await new Promise((done, fail) => socket.once('open', done).once('error', fail));
  socket.on('error', () => {});
  return socket;
}

/** Connects, sends these frames, and closes at once. */
export async function say(address: string, ...frames: (string | object)[]): Promise<void> {
  const socket = await connectTo(address);
  for (const frame of frames) {
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }
  const closed = new Promise((done) => socket.once('close', done));
  socket.close();
  await closed;
}

/** A transaction as the add-transaction of any node makes it. */
export function makeTransaction(id: string): Record<string, unknown> {
  return { id, fromAddress: 'alice', toAddress: 'bob', amount: 1, timeStamp: 1, hash: id };
}

export function transactionMessage(id: string): object {
  return { type: 'TRANSACTION', data: makeTransaction(id) };
}

const FIRST_PORT = 11_000;
/** Of each block, the first port is held by the process that the others are for. */
const BLOCK_PORTS = 100;
const BLOCKS = 100;
let [nextPort, endPort] = [0, 0];
// Spread, because nodes of other tests go on dialling ports that are free again.
let nextBlock = process.pid * 7;
let claim: Promise<void> | undefined;

/**
 * A port of this machine that nobody listens on, never the same one twice, and none that another test
 * process may get. It and the one 10,000 higher, where a node of the lab listens, are below the ports
 * that systems give to clients, so that no connection takes them in the meantime.
 */
export async function freePort(): Promise<number> {
  while (nextPort >= endPort) {
    claim ??= claimPorts().finally(() => {
      claim = undefined;
    });
    await claim;
  }
  const port = nextPort++;
  return (await canListen(port)) ? port : freePort();
}

/** Takes a block of ports that no other process has. */
async function claimPorts(): Promise<void> {
  for (let tries = 0; tries < BLOCKS; tries++) {
    const first = FIRST_PORT + (nextBlock++ % BLOCKS) * BLOCK_PORTS;
    // The operating system gives it back when this process ends, however it ends.
    if (await isListeningOn(createServer().unref(), first)) {
      [nextPort, endPort] = [first + 1, first + BLOCK_PORTS];
      return;
    }
  }
  throw new Error(`all ports from ${FIRST_PORT} to ${FIRST_PORT + BLOCKS * BLOCK_PORTS} are taken`);
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const isFree = await isListeningOn(server, port);
  server.close();
  return isFree;
}

function isListeningOn(server: Server, port: number): Promise<boolean> {
  return new Promise((done) => {
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => done(true));
  });
}

/** How much the system keeps of what is sent to somebody on this machine who does not read. */
export async function bytesUnderWay(): Promise<number> {
  const server = createServer((socket) => socket.pause());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const sender = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sender.on('error', () => {});
  const chunk = Buffer.alloc(64 * 1024);
  let isFull = false;
  while (!isFull) {
    sender.write(chunk);
    isFull =
      sender.writableLength > 0 && !(await Promise.race([once(sender, 'drain'), sleep(200)]));
  }
  const bytes = sender.bytesWritten - sender.writableLength;
  sender.destroy();
  server.close();
  return bytes;
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

/** The arguments of `script`, which runs a command on a terminal of its own. */
export function onTerminal(command: string): string[] {
  return process.platform === 'linux'
    ? ['-qec', command, '/dev/null']
    : ['-q', '/dev/null', ...command.split(' ')];
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Sends transactions `t0`, `t1` … without end, as fast as a node reads them. What waits for it is bounded:
 * it is to be busy, and not to read for seconds what was sent before.
 *
 * @param atOnce how many
 * @returns what ends it
 */
export function floodWith(socket: WebSocket, atOnce: number, everyMs: number): NodeJS.Timeout {
  let sent = 0;
  return setInterval(() => {
    if (socket.bufferedAmount > 256 * 1024) return;
    for (let i = 0; i < atOnce; i++) socket.send(JSON.stringify(transactionMessage(`t${sent++}`)));
  }, everyMs);
}
