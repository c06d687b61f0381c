import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY_BYTES } from '../../lib/wire/key.js';
import { parseMessage } from '../../lib/wire/messages.js';
import {
  CHILDREN,
  DIGEST_BYTES,
  type ReconciliationMessage,
  reconciliationFrame,
} from '../../lib/wire/reconciliation-messages.js';
import type { Transaction } from '../../lib/wire/transaction.js';
import { manyFrame, textsOf } from '../../lib/wire/transaction-messages.js';
import { makeTransaction } from '../support/helpers.js';
import { checkProperty } from '../support/property.js';

const parse = (text: string) => parseMessage(Buffer.from(text), true);
const frame = (type: string, data: unknown) => JSON.stringify({ type, data });
const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const base64 = (count: number) => Buffer.alloc(count, 0xa5).toString('base64');

const place = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const keys = fc.array(
  bytes(KEY_BYTES).map((each) => Buffer.from(each).toString('latin1')),
  { maxLength: 50 },
);
const names = (digits: number) =>
  fc.uniqueArray(
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { maxLength: digits })
      .map((name) => name.join('')),
    { maxLength: 256 },
  );
const digests = fc.array(
  bytes(CHILDREN * DIGEST_BYTES).map((each) => Buffer.from(each)),
  { maxLength: 10 },
);

const message: fc.Arbitrary<ReconciliationMessage> = fc.oneof(
  names(3).map((data) => ({ type: 'GET_NODES' as const, data })),
  digests.map((data) => ({ type: 'NODES' as const, data })),
  fc
    .tuple(names(4), place)
    .map(([nodes, from]) => ({ type: 'GET_KEYS' as const, data: { nodes, from } })),
  fc.tuple(keys, fc.option(place)).map(([some, next]) => ({
    type: 'KEYS' as const,
    data: next === null ? { keys: some } : { keys: some, next },
  })),
  fc
    .tuple(fc.constantFrom('GET_TRANSACTIONS' as const, 'OFFER_KEYS' as const), keys)
    .map(([type, data]) => ({ type, data })),
);

test('a message about the tree is read as what was written', (t) => {
  checkProperty(
    t,
    fc.property(message, (sent) => {
      assert.deepEqual(parse(reconciliationFrame(sent)), sent);
    }),
  );
});

test('the largest messages are read', () => {
  const node = (i: number) => i.toString(16).padStart(3, '0');
  for (const [type, data] of [
    ['GET_NODES', Array.from({ length: 256 }, (_, i) => node(i))],
    ['NODES', Array(256).fill(base64(CHILDREN * DIGEST_BYTES))],
    [
      'GET_KEYS',
      { nodes: Array.from({ length: 256 }, (_, i) => `${node(i)}f`), from: 2 ** 53 - 1 },
    ],
    ['KEYS', { keys: base64(1024 * KEY_BYTES), next: 2 ** 53 - 1 }],
    ['GET_TRANSACTIONS', base64(1024 * KEY_BYTES)],
    ['OFFER_KEYS', base64(1024 * KEY_BYTES)],
  ] as const) {
    const read = parse(frame(type, data));
    assert.ok('type' in read && read.type === type, type);
  }
});

test('transactions travel together as the texts they are', (t) => {
  const json = fc
    .tuple(
      fc.string({ minLength: 1 }),
      fc.constantFrom('1.0', '1e2', '12345678901234567890', '"é]},"'),
    )
    .chain(([id, amount]) =>
      fc
        .constantFrom(', ', ',', ' ,')
        .map((comma) => `{"id":${JSON.stringify(id)}${comma}"amount":${amount}}`),
    );
  checkProperty(
    t,
    fc.property(fc.array(json, { maxLength: 20 }), (texts) => {
      const frame = manyFrame('TRANSACTIONS', texts).toString();
      const inBytes = texts.map((text) => Buffer.from(text));
      assert.equal(manyFrame('TRANSACTIONS', inBytes).toString(), frame);
      const read = parse(frame);
      assert.ok('type' in read && read.type === 'TRANSACTIONS');
      assert.deepEqual(
        read.data.map((each) => each.json),
        texts,
      );
      assert.equal(manyFrame('TRANSACTIONS', textsOf(read.data)).toString(), frame);
      for (const [i, text] of texts.entries()) {
        const single = parse(`{"type":"TRANSACTION","data":${text}}`);
        const { id, key, bytes } = read.data[i] as Transaction;
        assert.deepEqual(single, { type: 'TRANSACTION', data: { id, key, json: text, bytes } });
      }
    }),
  );
});

test('what is out of bounds is malformed', () => {
  const many = Array.from({ length: 257 }, (_, i) => i.toString(16).padStart(3, '0'));
  const badNames = [
    many,
    ['a', 'a'],
    ['', ''],
    ['A'],
    ['g'],
    ['a\n'],
    [' a'],
    [1],
    [null],
    ['a3f0f'],
  ];
  const badPlaces = [-1, 0.5, 2 ** 53, 1e300, '0', null, [], {}];
  const badKeys = [
    base64(1025 * KEY_BYTES),
    ...[1, 3, 10, 11, 13, 22, 23, 1023 * KEY_BYTES + 1].map(base64),
    `${base64(KEY_BYTES).slice(1)}-`,
    `${base64(KEY_BYTES).slice(1)}\n`,
    `${base64(KEY_BYTES)}====${base64(KEY_BYTES).slice(4)}`,
    base64(KEY_BYTES).slice(1),
    [],
    7,
    null,
    { length: 16 },
  ];
  const digestBytes = CHILDREN * DIGEST_BYTES;
  const badDigests = [
    ...[0, 1, digestBytes - 1, digestBytes - 2, digestBytes + 1, 2 * digestBytes].map(base64),
    `${base64(digestBytes).slice(2)}**`,
    7,
    null,
  ];
  const texts = [
    ...[...badNames, ['a3f0'], 'a', {}, null, 7].map((data) => frame('GET_NODES', data)),
    ...badNames.map((nodes) => frame('GET_KEYS', { nodes, from: 0 })),
    ...badPlaces.map((from) => frame('GET_KEYS', { nodes: ['a'], from })),
    ...[{ from: 0 }, { nodes: ['a'] }, [], null, 7].map((data) => frame('GET_KEYS', data)),
    '{"type":"GET_KEYS","data":{"__proto__":{"nodes":["a"],"from":0}}}',
    ...badKeys.map((keys) => frame('KEYS', { keys })),
    ...badPlaces.map((next) => frame('KEYS', { keys: '', next })),
    ...[{ next: 1 }, [], null, 'AAAA'].map((data) => frame('KEYS', data)),
    '{"type":"KEYS","data":{"__proto__":{"keys":""}}}',
    ...badKeys.map((data) => frame('GET_TRANSACTIONS', data)),
    ...badKeys.map((data) => frame('OFFER_KEYS', data)),
    ...badDigests.map((digest) => frame('NODES', [base64(digestBytes), digest])),
    ...[Array(257).fill(base64(digestBytes)), {}, null, ''].map((data) => frame('NODES', data)),
    ...[{}, null, [7], [[]], [makeTransaction('a'), { id: '' }]].map((data) =>
      frame('TRANSACTIONS', data),
    ),
    // Quickly, for anybody may send it: so many would take seconds to look at.
    frame('TRANSACTIONS', Array(300_000).fill({})),
    frame('TRANSACTIONS', Array(10).fill({ id: 'a', pad: 'x'.repeat(60_000) })),
  ];
  for (const text of texts) assert.ok('malformed' in parse(text), text.slice(0, 200));
});
