/** What is taken for a transaction, read by a pattern or by JSON.parse: both must say the same. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../lib/limits.js';
import { keyOf } from '../../lib/wire/key.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { identify, parseTransaction } from '../../lib/wire/transaction.js';
import { checkProperty, runsOf } from '../support/property.js';

const strings = [
  ...['""', '"a"', '"é 😀"', '"a b"', '"\u2028"', '"\x7f"', '"id"', '","'],
  ...['"\\u0061"', '"\\""', '"\\x"', '"\n"', '"\t"', '"\x1f"', '"', "'a'", 'a'],
];
const values = [
  ...strings,
  ...['0', '-0', '1.0', '1e5', '1E+05', '-1.5e-3', '12345678901234567890', '1e999'],
  ...['01', '1.', '.5', '+1', '--1', '1e', '0x1', 'NaN', 'Infinity', '-'],
  ...['true', 'false', 'null', 'True', 'nul', 'undefined', '{}', '[]', '{"id":"b"}', '[1,2]', ''],
];
const names = ['"id"', '"hash"', '"timeStamp"', '"__proto__"', '"\\u0069d"', '"i"', '"idx"', '""'];

const text = fc
  .array(fc.tuple(fc.constantFrom(...names, ...strings), fc.constantFrom(...values)), {
    maxLength: 5,
  })
  .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(',')}}`);
const flat = fc
  .tuple(fc.constantFrom(...strings, '"a"', '"a"'), text)
  .map(([id, rest]) => `{"id":${id}${rest === '{}' ? '' : ','}${rest.slice(1)}`);
/** As it is, or with one character too many, too few, or another one. */
const any = fc
  .tuple(
    fc.oneof(text, flat),
    fc.nat(60),
    fc.constantFrom(0, 0, 1),
    fc.constantFrom('', ...'",:{}x\\ \n'),
  )
  .map(([json, at, removed, added]) => json.slice(0, at) + added + json.slice(at + removed))
  // UTF-8 has no form for half of a character, so no frame holds one.
  .filter((json) => json.isWellFormed());

test('a text is taken for a transaction if JSON.parse takes it for an object, with the same id', (t) => {
  let taken = 0;
  checkProperty(
    t,
    fc.property(fc.oneof(text, flat, any), (json) => {
      const bytes = Buffer.byteLength(json);
      const read = parseTransaction(json, bytes);
      if (read === undefined || !('key' in read)) {
        assert.equal(idOf(json), undefined, json);
        return;
      }
      taken += 1;
      assert.equal(read.id, idOf(json));
      assert.deepEqual(read, { id: read.id, key: keyOf(read.id), json, bytes });
    }),
    5000,
  );
  assert.ok(taken > runsOf(5000) / 10, `${taken} were taken`);
});

test('what is too large, or has too long an id, is refused however it is written', () => {
  const { transactionBytes, idCharacters } = LIMITS;
  const sized = (bytes: number) => `{"id":"a","n":"${'é'.repeat((bytes - 18) / 2)}"}`;
  const named = (length: number) => `{"id":"${'😀'.repeat(length / 2)}"}`;
  for (const [json, isFit] of [
    [sized(transactionBytes), true],
    [sized(transactionBytes + 2), false],
    [named(idCharacters), true],
    [named(idCharacters + 2), false],
  ] as const) {
    for (const each of [json, json.replace(':', ': ')]) {
      const message = parseMessage(Buffer.from(`{"type":"TRANSACTION","data":${each}}`), false);
      assert.equal('type' in message, isFit && Buffer.byteLength(each) <= transactionBytes);
    }
  }
});

test('nothing makes the pattern slow: a text twice as long takes no more than a few times as long', () => {
  const { answerBytes } = LIMITS;
  const inside = [
    'a',
    '1',
    '"',
    '",',
    '"a":1,',
    ',"a":"b"',
    ',"":0',
    ',"id"',
    '{',
    '-',
    '0.',
    '\\',
  ];
  for (const piece of inside) {
    for (const [head, tail] of [
      ['{"id":"', ''],
      ['{"id":"a"', ''],
      ['{"id":"a","b":', '}'],
      ['{"id":"a","b":"', '"}'],
      ['{"id":"a"', '}x'],
    ] as const) {
      // A pattern that backtracks takes four times as long, or for ever.
      const textOf = (bytes: number) => head + piece.repeat(bytes / piece.length) + tail;
      const [half, whole] = [fastest(textOf(answerBytes / 2)), fastest(textOf(answerBytes))];
      assert.ok(whole < 3 * half + 1, `${half} ms, then ${whole} ms for ${head}${piece}…${tail}`);
    }
  }
});

/** The shortest of several times to read a text, in ms: a busy machine adds to the others. */
function fastest(json: string): number {
  const bytes = Buffer.byteLength(json);
  const times = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    parseTransaction(json, bytes);
    return performance.now() - startedMs;
  });
  return Math.min(...times);
}

/** What JSON.parse, and the rules for ids, make of it. */
function idOf(json: string): unknown {
  if (!json.startsWith('{') || !json.endsWith('}')) return undefined;
  try {
    return identify(JSON.parse(json), json);
  } catch {
    return undefined;
  }
}
