import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memberSource, sourceParts } from '../../lib/json-source.js';
import { parseIdentity } from '../../lib/peers/identity.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { identify } from '../../lib/wire/transaction.js';
import { transactionFrame } from '../../lib/wire/transaction-messages.js';
import { ANY_CHARACTER, checkProperty } from '../support/property.js';

const parse = (text: string) => parseMessage(Buffer.from(text), true);
const transaction = (data: string) => parse(`{"type":"TRANSACTION","data":${data}}`);
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

/** Random JSON text, with the freedoms that JSON gives: spaces, escapes, spellings of numbers. */
const { value: jsonText } = fc.letrec<{ value: string; space: string; token: string }>((tie) => ({
  space: fc.constantFrom('', ' ', '\n', '\t\r\n'),
  token: fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('1.0', '1e2', '12345678901234567890', '-0', 'null', 'true', '"\\u0061\\"]}"'),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    tie('token'),
    fc
      .tuple(tie('space'), fc.array(fc.tuple(tie('value'), tie('space')), { maxLength: 4 }))
      .map(([space, parts]) => `[${space}${parts.map((part) => part.join('')).join(`,${space}`)}]`),
    fc
      .tuple(tie('space'), fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }))
      .map(
        ([space, members]) =>
          `{${space}${members
            .map(([key, value]) => `${JSON.stringify(key)}${space}:${space}${value}${space}`)
            .join(',')}}`,
      ),
  ),
}));

test('the parts of an array or object are their exact texts', (t) => {
  checkProperty(
    t,
    fc.property(fc.array(jsonText), fc.constantFrom('', ' ', '\n'), (parts, space) => {
      const trimmed = parts.map((part) => part.trim());
      assert.deepEqual(sourceParts(`${space}[${parts.join(`${space},`)}${space}] `), trimmed);
      const object = `{${trimmed.map((part, i) => `"k${i}"${space}:${space}${part}`).join(',')}}`;
      for (const [i, part] of trimmed.entries()) assert.equal(memberSource(object, `k${i}`), part);
    }),
  );
});

test('of two members of one name the last counts, as for JSON.parse', () => {
  const text = '{"data":1, "d\\u0061ta" : [2, "}"] ,"x":{"data":3}}';
  assert.equal(memberSource(text, 'data'), '[2, "}"]');
  assert.deepEqual(JSON.parse(text).data, [2, '}']);
});

test('a transaction is relayed as the text it came as', (t) => {
  checkProperty(
    t,
    fc.property(jsonText, fc.constantFrom('', ' ', '\n'), (value, space) => {
      const json = `{"id":"x","value":${value}}`;
      const frame = `{${space}"data"${space}:${space}${json}${space},"type":"TRANSACTION"}`;
      for (const text of [
        frame,
        ...[json, ` ${json} `].map((each) => transactionFrame(each).toString()),
      ]) {
        const message = parse(text);
        assert.ok('type' in message && message.type === 'TRANSACTION');
        assert.equal(message.data.id, 'x');
        assert.equal(message.data.json, json);
      }
    }),
  );
});

test('no text makes parseMessage throw', (t) => {
  const frame = fc.oneof(
    fc.string({ unit: ANY_CHARACTER }),
    jsonText,
    jsonText.map((value) => `{"type":"TRANSACTION","data":${value}}`),
    jsonText.map((value) => `{"type":"HANDSHAKE","data":${value}}`),
    jsonText.map((value) => `{"type":${value},"data":[]}`),
  );
  checkProperty(
    t,
    fc.property(frame, (text) => {
      const message = parse(text);
      const kind = ['type', 'malformed', 'unknown'].filter((key) => key in message);
      assert.equal(kind.length, 1);
    }),
    2000,
  );
});

test('malformed frames are told from unknown types', () => {
  for (const text of [
    '',
    'hello',
    '7',
    'null',
    '[]',
    '{}',
    '{"type":1,"data":[]}',
    '{"type":"HANDSHAKE"}',
    '{"type":"HANDSHAKE","data":{}}',
    '{"type":"HANDSHAKE","data":["ws://localhost:1",1]}',
    '{"__proto__":{"type":"HANDSHAKE"},"data":[]}',
    '['.repeat(10_000),
  ]) {
    assert.ok('malformed' in parse(text), text);
  }
  for (const type of ['PING', 'constructor', '__proto__', 'toString', '', 'handshake']) {
    assert.deepEqual(parse(JSON.stringify({ type, data: [] })), { unknown: type });
  }
});

test('a HANDSHAKE is read as far as 1,000 addresses', () => {
  const data = Array.from({ length: 5000 }, (_, i) => `ws://localhost:${i}`);
  const message = parse(JSON.stringify({ type: 'HANDSHAKE', data }));
  assert.ok('type' in message && message.type === 'HANDSHAKE');
  assert.deepEqual(message.data, data.slice(0, 1000));
});

test('a transaction is an object of at most 64 KiB and 32 levels', () => {
  const padded = (bytes: number) => {
    const json = (padding: string) => `{"id":"é","padding":"${padding}"}`;
    return json('x'.repeat(bytes - Buffer.byteLength(json(''))));
  };
  for (const data of ['null', '7', '"x"', '[]', nested(33), nested(100_000), padded(65_537)]) {
    assert.ok('malformed' in transaction(data), data.slice(0, 80));
  }
  for (const data of ['{}', nested(32), padded(65_536)]) {
    assert.ok('type' in transaction(data), data.slice(0, 80));
  }
});

test('the identity of a transaction: id, else hash, else the SHA-256 of its canonical JSON', () => {
  for (const [data, id] of [
    [{ id: 'a', hash: 'b' }, 'a'],
    [{ id: 7, hash: 'b' }, 7],
    [{ id: 0 }, 0],
    [{ hash: 'b' }, 'b'],
    [{ id: null, hash: 'b' }, 'b'],
    [{ id: 'x'.repeat(256) }, 'x'.repeat(256)],
    // printf '{"a":[],"b":1}' | sha256sum
    [{ b: 1.0, a: [] }, '1c8f8816506a8ccbc55140d8a7bb70214a8942c7030fc0fc2914cec675cd1c15'],
    [{ id: '' }, undefined],
    [{ id: 'x'.repeat(257) }, undefined],
    [{ id: {}, hash: 'b' }, undefined],
    [{ id: true }, undefined],
    [{ hash: ['b'] }, undefined],
    [JSON.parse('{"amount":1e400}'), undefined],
    [{ note: '\ud800' }, undefined],
  ] as const) {
    assert.equal(identify(data, JSON.stringify(data)), id, JSON.stringify(data));
  }
});

test('numbers too large to be exact are told apart by their digits', () => {
  for (const [json, id] of [
    ['{"id":9007199254740991}', 9007199254740991],
    ['{"id":9007199254740992}', '9007199254740992'],
    ['{"id":9007199254740993}', '9007199254740993'],
    ['{"hash":-12345678901234567890}', '-12345678901234567890'],
    ['{"id":1e400}', '1e400'],
    ['{"id":0.5}', 0.5],
  ] as const) {
    assert.equal(identify(JSON.parse(json), json), id);
  }
});

test('an announcement is read from upgrade headers, and from nothing that is not quite one', () => {
  const headers = {
    'mesh-version': '1',
    'mesh-id': '0123456789abcdef'.repeat(2),
    'mesh-address': 'ws://localhost:4001',
  };
  const { address, meshId } = parseIdentity(headers) ?? {};
  assert.deepEqual([address?.text, meshId], [headers['mesh-address'], headers['mesh-id']]);
  assert.deepEqual(parseIdentity({ ...headers, 'mesh-address': 'x' }), {
    meshId,
    wantsReceipts: false,
  });
  for (const wrong of [
    { 'mesh-version': '2' },
    { 'mesh-version': undefined },
    { 'mesh-id': undefined },
    { 'mesh-id': 'f'.repeat(31) },
    { 'mesh-id': 'F'.repeat(32) },
    { 'mesh-id': `${headers['mesh-id']}, ${headers['mesh-id']}` },
  ]) {
    assert.equal(parseIdentity({ ...headers, ...wrong }), undefined);
  }
});
