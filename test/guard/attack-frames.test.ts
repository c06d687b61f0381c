/** Frames that no node sends: each costs its sender the connection at most, and nobody else anything. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Client } from '../support/client.js';
import { closeCodeOf, frameOf, OPCODES, openRaw, repeat } from '../support/frames.js';
import { connectTo, transactionMessage, until } from '../support/helpers.js';
import { underAttack, untilPoolHolds } from '../support/load.js';
import type { NodeProcess } from '../support/program.js';
import { strikesOut } from '../support/strikes.js';

const MIB = 1024 * 1024;
const { continuation, text, binary, close, ping } = OPCODES;

const stolen = '{"type":"TRANSACTION","data":{"id":"stolen"}}';
const malformed: [what: string, frame: string][] = [
  ['an empty frame', ''],
  ['a word', 'hello'],
  ['half an object', '{"type":"TRANSACTION","data":{"id":"stolen"}'],
  ['a number', '7'],
  ['null', 'null'],
  ['a string that holds a message', JSON.stringify(stolen)],
  ['an array with a message in it', `[${stolen}]`],
  ['two messages in one frame', stolen + stolen],
  ['a message behind a byte order mark', `\ufeff${stolen}`],
  ['a message before a zero byte', `${stolen}\0`],
  ['JSON with single quotes', stolen.replaceAll('"', "'")],
  ['an object without a type', '{"data":{"id":"stolen"}}'],
  ['a type that is a number', '{"type":1,"data":[]}'],
  ['a type that is an array', '{"type":["TRANSACTION"],"data":{"id":"stolen"}}'],
  ['a HANDSHAKE without data', '{"type":"HANDSHAKE"}'],
  ['a HANDSHAKE with a string', '{"type":"HANDSHAKE","data":"ws://localhost:1"}'],
  ['a HANDSHAKE like an array', '{"type":"HANDSHAKE","data":{"0":"ws://localhost:1","length":1}}'],
  ['a HANDSHAKE with a number', '{"type":"HANDSHAKE","data":["ws://localhost:1",1]}'],
  ['a HANDSHAKE with a prototype', '{"type":"HANDSHAKE","data":{"__proto__":[]}}'],
  ['a TRANSACTION without data', '{"type":"TRANSACTION"}'],
  ['a TRANSACTION with an array', '{"type":"TRANSACTION","data":[{"id":"stolen"}]}'],
  ['a TRANSACTION with a lone surrogate', '{"type":"TRANSACTION","data":{"id":"\\ud800"}}'],
  ['a TRANSACTION with half an emoji', '{"type":"TRANSACTION","data":{"id":"stolen\\udc00"}}'],
  ['10 KiB of brackets', '['.repeat(10 * 1024)],
  ['2,000 objects in each other', `${'{"a":'.repeat(2000)}1`],
  ['a prototype that is a message', `{"__proto__":${stolen}}`],
  ['a constructor that is a message', `{"constructor":{"prototype":${stolen}}}`],
];

/** Transactions that are strange and in order: what is stored must be what was sent. */
const strange = [
  '{"id":"a","__proto__":{"isAdmin":true,"id":"stolen"},"constructor":{"prototype":{"isAdmin":1}}}',
  '{"id":"__proto__","toString":1,"hasOwnProperty":null,"valueOf":"x","toJSON":{}}',
  '{"id":"constructor","then":"x","length":-1}',
  '{"id":"toString","data":{"type":"TRANSACTION","data":{"id":"stolen"}}}',
  '{"id":"twice","id":"the last one counts"}',
];
/** Those without an id: told apart by all of their content. */
const nameless = ['{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', '{"constructor":{"a":1}}'];

const finalZero = Buffer.from([0x80, 0x80, 0, 0, 0, 0]);
const start = (payload: string | Buffer) => frameOf(payload, { isFinal: false });
const broken: [what: string, bytes: Buffer, code: number][] = [
  ['a frame of 1 MiB and a byte', frameOf(`${' '.repeat(MIB)}x`), 1009],
  ['the head of such a frame alone', frameOf('', { claimedBytes: MIB + 1 }), 1009],
  ['a frame that claims 4 GiB', frameOf('', { claimedBytes: 2 ** 32 }), 1009],
  ['a frame that claims 8 PiB', frameOf('', { claimedBytes: 2 ** 53 }), 1009],
  ['1 MiB and a byte in three fragments', inFragments(Buffer.alloc(MIB + 1, ' '), MIB / 2), 1009],
  ['1 MiB and a byte in 900 fragments', inFragments(Buffer.alloc(MIB + 1, ' '), 1166), 1009],
  ['a binary frame', frameOf(stolen, { opcode: binary }), 1003],
  ['a byte that is no UTF-8', frameOf(Buffer.from([0x22, 0xff, 0x22])), 1007],
  ['a surrogate in UTF-8', frameOf(Buffer.from([0xed, 0xa0, 0x80])), 1007],
  ['a letter in too many bytes', frameOf(Buffer.from([0xc1, 0x81])), 1007],
  ['a bad byte in a fragment', Buffer.concat([start(Buffer.from([0xff])), finalZero]), 1007],
  [
    'an unmasked frame',
    Buffer.concat([Buffer.from([0x81, stolen.length]), Buffer.from(stolen)]),
    1002,
  ],
  ['a fragment of nothing', frameOf(stolen, { opcode: continuation }), 1002],
  ['a message within a message', Buffer.concat([start('{'), frameOf(stolen)]), 1002],
  ['a ping of 126 bytes', frameOf('x'.repeat(126), { opcode: ping }), 1002],
  ['a ping in fragments', frameOf('x', { opcode: ping, isFinal: false }), 1002],
  ['a close frame of 126 bytes', frameOf('x'.repeat(126), { opcode: close }), 1002],
  ['a close frame of one byte', frameOf('x', { opcode: close }), 1002],
  [
    'a close frame with code 1005',
    frameOf(Buffer.from([1005 >> 8, 1005 & 255]), { opcode: close }),
    1002,
  ],
  ['a close frame with bad UTF-8', frameOf(Buffer.from([3, 232, 255]), { opcode: close }), 1007],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer, number] => [
    `opcode ${opcode}`,
    frameOf(stolen, { opcode }),
    1002,
  ]),
  ...[0x10, 0x20, 0x40, 0x70].map((reserved): [string, Buffer, number] => [
    `the reserved bits 0x${reserved.toString(16)}`,
    frameOf(stolen, { opcode: text | reserved }),
    1002,
  ]),
];

/** A message in fragments of so many bytes. */
function inFragments(message: Buffer, size: number): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const opcode = at === 0 ? text : continuation;
    const isFinal = at + size >= message.length;
    frames.push(frameOf(message.subarray(at, at + size), { opcode, isFinal }));
  }
  return Buffer.concat(frames);
}

/** Opens a raw connection, does something with it, and waits for the code it is closed with. */
async function isClosedWith(
  victim: NodeProcess,
  what: string,
  code: number,
  attack: (socket: Socket, isOver: () => boolean) => unknown,
): Promise<void> {
  const socket = await openRaw(victim);
  let found: number | string | undefined;
  closeCodeOf(socket).then((each) => {
    found = each ?? 'no close frame';
  });
  await attack(socket, () => found !== undefined);
  await until(`the connection to be closed: ${what}`, () => found !== undefined);
  assert.equal(found, code, what);
  socket.destroy();
}

/** Sends 10,000 messages that mean nothing to a node, and makes sure that it has read them. */
async function talkNonsense(socket: WebSocket): Promise<void> {
  const types = ['__proto__', 'constructor', 'toString', 'valueOf', 'GET_WEATHER', '', 'handshake'];
  const frames = types.map((type) => JSON.stringify({ type, data: { id: 'stolen' } }));
  for (let i = 0; i < 10_000; i++) socket.send(frames[i % frames.length] as string);
  let isRead = false;
  socket.once('pong', () => {
    isRead = true;
  });
  socket.ping();
  await until('10,000 messages to be read', () => isRead || socket.readyState !== WebSocket.OPEN);
  assert.equal(socket.readyState, WebSocket.OPEN, 'messages of unknown types harm nobody');
}

describe('attacks with frames', { concurrency: 2 }, () => {
  test('the third malformed message ends a connection, and none gets anywhere', () =>
    underAttack(async ({ victim, said }) => {
      await Promise.all(malformed.map((each) => strikesOut(victim, each)));
      await untilPoolHolds(
        victim,
        malformed.map(([what]) => `fine: ${what}`),
      );
      assert.match(said(), /refused: a client sent /);
    }));

  test('no name of a member touches a prototype: what is stored is what was sent', () =>
    underAttack(async ({ victim }) => {
      const client = await Client.open(victim.address);
      const all = [...strange, ...nameless, '{"id":"after"}'];
      for (const data of all) client.socket.send(`{"type":"TRANSACTION","data":${data}}`);
      const receipts = await client.received(all.length);
      const ids = [
        ...strange.map((json) => JSON.parse(json).id),
        ...nameless.map((json) => createHash('sha256').update(json).digest('hex')),
        'after',
      ];
      assert.deepEqual(
        receipts,
        ids.map((id) => ({ id, status: 'accepted' })),
      );
      const lines = (await victim.poolText()).split(/,?\n/);
      for (const json of all) assert.ok(lines.includes(json), json);
      client.socket.terminate();
    }));

  test('a frame that breaks the rules ends its connection, with the code for it', () =>
    underAttack(async ({ victim }) => {
      await Promise.all(
        broken.map(([what, bytes, code]) =>
          isClosedWith(victim, what, code, (socket) => socket.write(bytes)),
        ),
      );
      const fragment = frameOf(' ', { opcode: continuation, isFinal: false });
      const empty = frameOf('', { opcode: continuation, isFinal: false });
      for (const [what, frame] of [
        ['fragments of one byte for ever', fragment],
        ['empty fragments for ever', empty],
      ] as const) {
        await isClosedWith(victim, what, 1008, async (socket, isOver) => {
          socket.write(start('{'));
          await repeat(socket, frame, isOver);
        });
        await isClosedWith(victim, `many ${what} at once`, 1008, async (socket, isOver) => {
          socket.write(start('{'));
          await repeat(socket, Buffer.concat(Array(1000).fill(frame)), isOver);
        });
      }
      await untilPoolHolds(victim, []);
    }));

  test('10,000 messages of unknown types keep a connection open, and no line tells of them', () =>
    underAttack(async ({ victim, said }) => {
      const plain = await connectTo(victim.address);
      const { socket: ours } = await Client.open(victim.address);
      await Promise.all([talkNonsense(plain), talkNonsense(ours)]);
      assert.doesNotMatch(said(), /refused|bad connection|__proto__|constructor|GET_WEATHER/);
      for (const socket of [plain, ours]) {
        socket.send(JSON.stringify(transactionMessage('after all')));
        socket.close();
      }
      await untilPoolHolds(victim, ['after all']);
    }));
});
