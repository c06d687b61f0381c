/** A client below the level of a WebSocket library, which is too polite for some attacks. */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNode } from './program.js';

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** Opens a TCP connection to a node, and says nothing. */
export async function connectRaw(node: RunningNode): Promise<Socket> {
  const socket = connect(node.port, '127.0.0.1');
  await new Promise((done, fail) => socket.once('connect', done).once('error', fail));
  socket.on('error', () => {});
  return socket;
}

/** The text of a request to this machine. */
export function request(line: string, ...headers: string[]): string {
  return [line, 'Host: localhost', ...headers, '', ''].join('\r\n');
}

/** The text of an upgrade request, with other headers than the usual ones where they are given. */
export function upgradeRequest(headers: Record<string, string> = {}): string {
  const all = {
    host: 'localhost',
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET / HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Opens a WebSocket to a node, and hands out the TCP connection it runs on. */
export async function openRaw(
  node: RunningNode,
  headers: Record<string, string> = {},
): Promise<Socket> {
  const socket = await connectRaw(node);
  socket.write(upgradeRequest(headers));
  const answer = await new Promise<Buffer>((done, fail) =>
    socket.once('data', done).once('close', () => fail(new Error('no upgrade'))),
  );
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) {
    throw new Error(`no upgrade: ${answer}`);
  }
  return socket;
}

/** Writes the same bytes again and again, as fast as they are read. */
export async function repeat(socket: Socket, bytes: Buffer, isOver: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 60_000;
  while (!isOver() && !socket.destroyed && performance.now() < giveUpMs) {
    if (socket.writableLength < 1024 * 1024) socket.write(bytes);
    await sleep(1);
  }
}

/** What has come over a connection. */
export interface Answer {
  text: string;
  isEnded: boolean;
}

/** Notes what comes over a connection. */
export function listenTo(socket: Socket): Answer {
  const answer = { text: '', isEnded: false };
  socket.on('data', (data) => {
    answer.text += data.toString('latin1');
  });
  socket.on('close', () => {
    answer.isEnded = true;
  });
  return answer;
}

/** The code of the close frame that a node sends, 1005 for none in it; undefined without one. */
export function closeCodeOf(socket: Socket): Promise<number | undefined> {
  let rest = Buffer.alloc(0);
  return new Promise((done) => {
    socket.once('close', () => done(undefined));
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      // Nothing that a client without receipts gets from a node has more than 125 bytes.
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt8(1)) {
        const end = 2 + rest.readUInt8(1);
        if (rest.readUInt8(0) === 0x88) done(end === 2 ? 1005 : rest.readUInt16BE(2));
        rest = rest.subarray(end);
      }
    });
  });
}

/** A WebSocket frame as clients send it, whatever it claims to be. */
export function frameOf(
  payload: string | Buffer,
  { opcode = OPCODES.text, isFinal = true, claimedBytes = Buffer.byteLength(payload) } = {},
): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode;
  // With a mask of zeros, the masked payload is the payload.
  const mask = Buffer.alloc(4);
  return Buffer.concat([Buffer.from([first]), lengthOf(claimedBytes), mask, Buffer.from(payload)]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 126) return Buffer.from([0x80 | bytes]);
  if (bytes < 65_536) return Buffer.from([0x80 | 126, bytes >> 8, bytes & 255]);
  const length = Buffer.alloc(9);
  length[0] = 0x80 | 127;
  length.writeBigUInt64BE(BigInt(bytes), 1);
  return length;
}
