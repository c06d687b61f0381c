/**
 * Hands transactions to a node over one connection, at full speed or paced. It shares the
 * processors with what is measured, so it does as little work as it can in the meantime: all frames
 * are made before, masked as the protocol requires, and written to the TCP connection in large
 * pieces. Started by injection.ts: node bench/injector.js ADDRESS FROM COUNT [A_SECOND]
 */

import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { nowMs } from './machine.js';
import { MESSAGE_LEAD, TRANSACTION_BYTES, transactionText } from './transactions.js';

/** When each transaction was written, in their order; at full speed, only the first. */
export type Injected = readonly number[];

/** The header of a masked text frame whose length takes 16 bits. */
const HEADER = Buffer.from([0x81, 0x80 | 126]);
const HEADER_BYTES = 8;
const MASK_AT = 4;
const MASK_BYTES = 4;
const MESSAGE_BYTES = MESSAGE_LEAD.length + TRANSACTION_BYTES + 1;
const FRAME_BYTES = HEADER_BYTES + MESSAGE_BYTES;
/** Whole frames, about 256 KiB. The next piece is written when this one has drained. */
const PIECE_BYTES = 900 * FRAME_BYTES;
const TURN_MS = 1;

const [address = '', from, count, perSecond] = process.argv.slice(2);
const frames = encode(Number(from), Number(count));
const socket = new WebSocket(address, { perMessageDeflate: false });
const [{ socket: tcp }] = await once(socket, 'upgrade');
process.once('disconnect', () => process.exit());
process.send?.('ready');
await once(process, 'message');
const injected = perSecond === undefined ? await flood(tcp) : await pace(tcp, Number(perSecond));
process.send?.(injected);

async function flood(tcp: Socket): Promise<Injected> {
  const startedMs = nowMs();
  for (let at = 0; at < frames.length; at += PIECE_BYTES) {
    if (!tcp.write(frames.subarray(at, at + PIECE_BYTES))) await once(tcp, 'drain');
  }
  return [startedMs];
}

async function pace(tcp: Socket, perSecond: number): Promise<Injected> {
  const writtenMs: number[] = [];
  const startedMs = nowMs();
  for (let at = 0; at < frames.length; at += FRAME_BYTES) {
    const dueMs = startedMs + (writtenMs.length * 1000) / perSecond;
    while (nowMs() < dueMs) await sleep(TURN_MS);
    writtenMs.push(nowMs());
    tcp.write(frames.subarray(at, at + FRAME_BYTES));
  }
  return writtenMs;
}

function encode(from: number, count: number): Buffer {
  const frames = Buffer.alloc(count * FRAME_BYTES);
  for (let number = 0; number < count; number++) {
    const frame = frames.subarray(number * FRAME_BYTES, (number + 1) * FRAME_BYTES);
    HEADER.copy(frame);
    frame.writeUInt16BE(MESSAGE_BYTES, HEADER.length);
    const mask = randomFillSync(frame.subarray(MASK_AT, MASK_AT + MASK_BYTES));
    const message = frame.subarray(HEADER_BYTES);
    message.write(`${MESSAGE_LEAD}${transactionText(from + number)}}`);
    for (let i = 0; i < message.length; i++) {
      message[i] = (message[i] as number) ^ (mask[i % MASK_BYTES] as number);
    }
  }
  return frames;
}
