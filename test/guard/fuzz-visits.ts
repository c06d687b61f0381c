/** What a fuzzer does to a node over raw TCP: requests that may be none, frames that may lie. */

import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc, { type Arbitrary } from 'fast-check';
import { connectRaw, frameOf, OPCODES, upgradeRequest } from '../support/frames.js';
import type { RunningNode } from '../support/program.js';
import { deadAddress, hexDigits, mutated, payload } from './fuzz-messages.js';

/** One TCP connection: what is written to it, in pieces of so many bytes, and how it is left. */
export interface Visit {
  readonly bytes: Buffer;
  readonly pieces: readonly number[];
  readonly ending: 'destroyed' | 'ended' | 'left open';
}

const MESH_ID = '0123456789abcdef'.repeat(2);
/** How long a node may take to close a connection, before we leave it. */
const CLOSE_MS = 30;

const oftenTrue = fc.oneof({ weight: 7, arbitrary: fc.constant(true) }, fc.boolean());
const livePayload = payload(deadAddress);

/** A frame; its length may lie, its mask be absent, and its first bits be anything. */
const frame = fc
  .record({
    body: livePayload,
    opcode: fc.oneof(
      { weight: 4, arbitrary: fc.constant(OPCODES.text) },
      fc.constantFrom(...Object.values(OPCODES)),
      fc.nat(15),
    ),
    isFinal: oftenTrue,
    isHonest: oftenTrue,
    isMasked: oftenTrue,
    reserved: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(7)),
    lie: fc.constantFrom(0, 1, 125, 126, 65_536, 2 ** 20, 2 ** 20 + 1, 2 ** 31, 2 ** 53),
    mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  })
  .map(({ body, opcode, isFinal, isHonest, isMasked, reserved, lie, mask }) => {
    const content = body.map((byte, index) => byte ^ (mask[index % 4] as number));
    const claimedBytes = isHonest ? body.length : lie;
    const bytes = frameOf(Buffer.from(content), { opcode, isFinal, claimedBytes });
    bytes[0] = (bytes[0] as number) | (reserved << 4);
    bytes.set(mask, bytes.length - content.length - 4);
    if (!isMasked) bytes[1] = (bytes[1] as number) & 0x7f;
    return bytes;
  });

/** A message in several frames, with pings in between. */
const fragments = fc
  .tuple(livePayload, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([body, places, pings]) => {
    const cuts = [0, ...places.map((each) => each % (body.length + 1)), body.length];
    cuts.sort((a, b) => a - b);
    return Buffer.concat(
      cuts.slice(1).flatMap((end, index) => {
        const opcode = index === 0 ? OPCODES.text : OPCODES.continuation;
        const isFinal = index === cuts.length - 2;
        const part = frameOf(body.subarray(cuts[index], end), { opcode, isFinal });
        return pings ? [part, frameOf('', { opcode: OPCODES.ping })] : [part];
      }),
    );
  });

const meshHeaders = fc.record(
  {
    'mesh-version': fc.oneof({ weight: 5, arbitrary: fc.constant('1') }, fc.constant('2')),
    'mesh-id': fc.oneof({ weight: 5, arbitrary: fc.constant(MESH_ID) }, hexDigits(40)),
    'mesh-address': fc.oneof(deadAddress, fc.constantFrom('', 'ws://', 'x'.repeat(300))),
    'mesh-receipts': fc.constantFrom('1', '0'),
  },
  { requiredKeys: [] },
);
const oddHeader = fc.constantFrom<Record<string, string>>(
  { host: '' },
  { host: 'example.org' },
  { origin: 'http://example.org' },
  { upgrade: 'h2c' },
  { connection: 'close, upgrade, x' },
  { 'sec-websocket-version': '8' },
  { 'sec-websocket-key': 'short' },
  { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits=99' },
  { 'sec-websocket-protocol': 'a, a, (' },
  { 'content-length': '5' },
  { 'transfer-encoding': 'chunked' },
  { authorization: 'Bearer \u0080' },
  { 'x-long': 'x'.repeat(20_000) },
  { 'x\u0000': '\u0001' },
);
const request = fc.oneof(
  { weight: 8, arbitrary: meshHeaders.map((headers) => Buffer.from(upgradeRequest(headers))) },
  { weight: 2, arbitrary: oddHeader.map((headers) => Buffer.from(upgradeRequest(headers))) },
  mutated(meshHeaders.map((headers) => Buffer.from(upgradeRequest(headers)))),
  fc
    .constantFrom(
      'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
      'POST * HTTP/1.0\r\n\r\n',
      'GET /%00 HTTP/9\n',
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

export const visits: Arbitrary<Visit[]> = fc.array(
  fc
    .record({
      opening: request,
      frames: fc.array(fc.oneof({ weight: 3, arbitrary: frame }, fragments), { maxLength: 12 }),
      pieces: fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 10 }),
      ending: fc.constantFrom('destroyed' as const, 'ended' as const, 'left open' as const),
    })
    .map(({ opening, frames, pieces, ending }) => ({
      bytes: Buffer.concat([opening, ...frames]),
      pieces,
      ending,
    })),
  { minLength: 1, maxLength: 6 },
);

/** Opens the connection, writes what there is, and leaves. */
export async function pay({ bytes, pieces, ending }: Visit, node: RunningNode): Promise<void> {
  const socket = await connectRaw(node);
  const closed = new Promise((done) => socket.once('close', done));
  socket.resume();
  socket.setNoDelay();
  let sent = 0;
  for (const size of [...pieces, bytes.length]) {
    if (socket.destroyed || sent >= bytes.length) break;
    await write(socket, bytes.subarray(sent, sent + size));
    sent += size;
  }
  if (ending === 'ended') socket.end();
  if (ending !== 'destroyed') await Promise.race([closed, sleep(CLOSE_MS)]);
  // A reset, which the node may meet while it answers.
  socket.resetAndDestroy();
}

/** Each piece goes out by itself, and the node may have read it before the next one comes. */
async function write(socket: Socket, piece: Buffer): Promise<void> {
  await new Promise((done) => socket.write(piece, done));
  await nextTurn();
}
