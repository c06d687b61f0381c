/** What fits into a message about blocks, and what does not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  frame,
  goodBlock,
  goodHeader,
  goodName,
  isRead,
  parse,
  REQUESTS,
} from '../support/block-messages.js';
import { makeTransaction } from '../support/helpers.js';

const KiB = 1024;

test('what is in a message about the chain fits, or it is malformed', () => {
  const wholes = [-1, 0.5, 2 ** 53, 1e300, '0', '', null, true, [], [0], {}, undefined];
  const { hash } = goodHeader;
  const rest = hash.slice(1);
  const badTexts = ['', rest, `${hash}0`, hash.toUpperCase(), `g${rest}`, `${hash}\n`, `${rest}\n`];
  const hashes = [...badTexts, ` ${hash}`, 0, null, [hash], { hash }, undefined];
  const badFields = (names: string[], values: unknown[]) =>
    names.flatMap((name) => values.map((value) => ({ [name]: value })));
  const none = [null, 7, '', 'x', true, [], {}, undefined];
  const noLists = [null, 7, 'ab', {}, { length: 0 }, { 0: goodBlock, length: 1 }, undefined];
  const badParts = [null, 7, 'a', [], [{ id: 'a' }], { id: '' }, { id: {} }, { id: true }];
  const transactions = [...noLists, ...badParts.map((bad) => [makeTransaction('a'), bad])];
  const badNames = [...badFields(['height'], wholes), ...badFields(['hash'], hashes)];
  const badHeaders = [
    ...badNames,
    ...badFields(['timestamp', 'nonce'], wholes),
    ...badFields(['previousHash', 'merkleRoot'], hashes),
  ];
  const badBlocks = [...badHeaders, ...transactions.map((bad) => ({ transactions: bad }))];
  const texts = [
    ...none.map((data) => frame('LATEST_BLOCK', data)),
    ...badBlocks.map((bad) => frame('LATEST_BLOCK', { ...goodBlock, ...bad })),
    frame('LATEST_BLOCK', [goodBlock]),
    `{"type":"LATEST_BLOCK","data":{"__proto__":${JSON.stringify(goodBlock)}}}`,
  ];
  for (const [type, good, allBad] of [
    ['GET_HEADERS', goodName, badNames],
    ['GET_BLOCKS', goodName, badNames],
    ['HEADERS', goodHeader, badHeaders],
    ['BLOCKS', goodBlock, badBlocks],
  ] as const) {
    texts.push(
      ...[...noLists, good].map((data) => frame(type, data)),
      ...none.map((bad) => frame(type, [good, bad])),
      ...allBad.map((bad) => frame(type, [good, { ...good, ...bad }])),
      `{"type":"${type}","data":[{"__proto__":${JSON.stringify(good)}}]}`,
    );
  }
  for (const text of texts) {
    const { type } = JSON.parse(text);
    assert.deepEqual(parse(text), { malformed: `${type} data that does not fit` }, text);
  }
});

test('the bounds of each message are what they are said to be', () => {
  const max = Number.MAX_SAFE_INTEGER;
  for (const type of ['GET_HEADERS', 'GET_BLOCKS']) {
    assert.ok(isRead(type, []) && isRead(type, Array(64).fill({ ...goodName, height: max })));
    assert.ok(!isRead(type, Array(65).fill(goodName)));
  }
  const largest = { ...goodHeader, height: max, timestamp: max, nonce: max };
  assert.ok(isRead('HEADERS', []) && isRead('HEADERS', Array(512).fill(largest)));
  assert.ok(!isRead('HEADERS', Array(513).fill(goodHeader)));
  assert.ok(isRead('BLOCKS', []) && isRead('BLOCKS', Array(513).fill(goodBlock)));
  const blockOf = (count: number) => ({ ...goodBlock, transactions: Array(count).fill({}) });
  assert.ok(isRead('LATEST_BLOCK', blockOf(4096)) && !isRead('LATEST_BLOCK', blockOf(4097)));
  assert.ok(isRead('BLOCKS', [blockOf(4000), blockOf(96)]));
  assert.ok(!isRead('BLOCKS', [blockOf(4000), blockOf(97)]));
  const padded = (bytes: number) => {
    const json = (padding: string) => `{"id":"é","padding":"${padding}"}`;
    return json('x'.repeat(bytes - Buffer.byteLength(json(''))));
  };
  const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
  const isBlock = (json: string) =>
    isRead('LATEST_BLOCK', { ...goodBlock, transactions: [JSON.parse(json)] });
  assert.ok(isBlock(padded(64 * KiB)) && isBlock(nested(32)));
  assert.ok(!isBlock(padded(64 * KiB + 1)) && !isBlock(nested(33)) && !isBlock(nested(4000)));
});

test('an answer may have 320 KiB, a request not even the half of it', () => {
  const filled = (type: string, data: unknown, length: number) =>
    frame(type, data).padEnd(length, ' ');
  for (const [type, data] of Object.entries({
    LATEST_BLOCK: goodBlock,
    HEADERS: [goodHeader],
    BLOCKS: [goodBlock],
  })) {
    for (const length of [128 * KiB, 128 * KiB + 1, 320 * KiB]) {
      assert.deepEqual(parse(filled(type, data, length)), parse(frame(type, data)));
    }
    for (const length of [320 * KiB + 1, 1024 * KiB]) {
      const why = { malformed: `${type} data that is too long` };
      assert.deepEqual(parse(filled(type, data, length)), why);
    }
  }
  for (const type of REQUESTS) {
    assert.ok('type' in parse(filled(type, [goodName], 128 * KiB)));
    assert.ok(!('type' in parse(filled(type, [goodName], 128 * KiB + 1))));
  }
});
