/** The numbers by which messages are counted. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENESIS } from '../../lib/chain/block.js';
import { Traffic } from '../../lib/peers/traffic.js';
import {
  blocksFrame,
  getLatestBlockFrame,
  headersFrame,
  latestBlockFrame,
  locatorFrame,
} from '../../lib/wire/block-messages.js';
import { numberOfType, TYPE_NAMES, typeNumberIn } from '../../lib/wire/message-types.js';
import { handshakeFrame, type MessageType } from '../../lib/wire/messages.js';
import { receiptFrame } from '../../lib/wire/receipt.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import { manyFrame, transactionFrame } from '../../lib/wire/transaction-messages.js';

const FRAMES = [
  handshakeFrame(['ws://localhost:4001']),
  transactionFrame('{"id":"a"}'),
  manyFrame('RELAY', ['{"id":"a"}', '{"id":"b"}']),
  receiptFrame('a', { status: 'accepted' }),
  reconciliationFrame({ type: 'GET_NODES', data: [''] }),
  reconciliationFrame({ type: 'NODES', data: [Buffer.alloc(128)] }),
  reconciliationFrame({ type: 'GET_KEYS', data: { nodes: ['3'], from: 0 } }),
  reconciliationFrame({ type: 'KEYS', data: { keys: [] } }),
  reconciliationFrame({ type: 'GET_TRANSACTIONS', data: [] }),
  manyFrame('TRANSACTIONS', []),
  reconciliationFrame({ type: 'OFFER_KEYS', data: [] }),
  getLatestBlockFrame(),
  latestBlockFrame(GENESIS.json),
  locatorFrame('GET_HEADERS', []),
  headersFrame([]),
  locatorFrame('GET_BLOCKS', []),
  blocksFrame([]),
];

test('each frame that a node makes has the number of its type, as a text and in bytes', () => {
  const types = FRAMES.map((frame) => JSON.parse(frame.toString()).type);
  assert.deepEqual([...types, 'other'], TYPE_NAMES);
  for (const [number, frame] of FRAMES.entries()) {
    const text = frame.toString();
    assert.equal(typeNumberIn(text), number, types[number]);
    assert.equal(typeNumberIn(Buffer.from(text)), number, types[number]);
    if (types[number] !== 'RECEIPT') assert.equal(numberOfType(types[number]), number);
  }
});

test('anything else has the last number', () => {
  const last = TYPE_NAMES.length - 1;
  assert.equal(numberOfType(undefined), last);
  for (const type of ['', '__proto__', 'toString', 'handshake', 'HANDSHAKES']) {
    assert.equal(numberOfType(type as MessageType), last, type);
  }
  for (const frame of [
    '',
    '{',
    '{"type":"',
    '{"type":"X","data":1}',
    `{"type":"${'A'.repeat(99)}`,
  ]) {
    assert.equal(typeNumberIn(frame), last, frame);
    assert.equal(typeNumberIn(Buffer.from(frame)), last, frame);
  }
});

test('a frame is counted with the bytes that go over the wire, whatever it is made of', () => {
  const traffic = new Traffic();
  const receipt = TYPE_NAMES.indexOf('RECEIPT');
  const frame = receiptFrame('é', { status: 'known' });
  for (const each of [frame, Buffer.from(frame)]) traffic.sent(each);
  assert.equal(traffic.out.frames[receipt], 2);
  assert.equal(traffic.out.bytes[receipt], 2 * Buffer.byteLength(frame));
  assert.ok(traffic.in.frames.every((count) => count === 0));
});
