/** A block as it is read from a file: by patterns where it is usual, and by JSON.parse where not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../lib/limits.js';
import { type Block, parseBlock, readBlock, toBlock } from '../../lib/wire/block.js';
import { keyOf } from '../../lib/wire/key.js';
import { anyHeader, anyTransaction, included } from '../support/any-block.js';
import { goodHeader } from '../support/block-messages.js';
import { checkProperty } from '../support/property.js';

/** What is in the text of a block, and what may be in its place. */
const anyPiece = fc.oneof(
  fc.constantFrom(...'{}[],:"\\ 0189-.eEabf\n\0\u2028é😀'),
  fc.constantFrom('"id":', '"id":"b",', '"hash":', '"height":0,', '"transactions":[],', ']}', '00'),
);
const anyChange = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.oneof(anyPiece, fc.constant('')));
const anyText = fc
  .tuple(
    anyHeader,
    fc.array(fc.oneof(fc.string().map(included), anyTransaction), { maxLength: 4 }),
    fc.array(anyChange, { maxLength: 2 }),
  )
  .map(([header, transactions, changes]) => {
    let { json } = toBlock(header, transactions);
    for (const [at, removed, added] of changes) {
      const start = at % json.length;
      json = json.slice(0, start) + added + json.slice(start + removed);
    }
    return json;
  });

/** What a function returns, or that the text is not JSON. */
function outcomeOf(read: () => Block | undefined): Block | undefined | string {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return 'not JSON';
  }
}

/** Checks that a text is read as it would be if all of it were parsed. */
function checkRead(json: string): Block | undefined | string {
  const outcome = outcomeOf(() => readBlock(json));
  assert.deepEqual(
    outcome,
    outcomeOf(() => parseBlock(JSON.parse(json), json)),
    json,
  );
  return outcome;
}

test('a text is read as the block that JSON.parse finds in it, whatever was changed', (t) => {
  checkProperty(
    t,
    fc.property(anyText, (json) => void checkRead(json)),
    5000,
  );
});

test('no character of a usual block can be another one, and be overlooked', () => {
  const block = toBlock(goodHeader, [included('a'), included('b')]);
  assert.deepEqual(checkRead(block.json), block);
  for (let at = 0; at < block.json.length; at++) {
    for (const other of ['"', ',', '0', ' ', '\n', '}']) {
      const json = block.json.slice(0, at) + other + block.json.slice(at + 1);
      const read = checkRead(json);
      if (typeof read === 'object' && json !== block.json) assert.notDeepEqual(read, block, json);
    }
  }
});

test('what no block may hold is no part of one, however usual it looks', () => {
  const long = 'é'.repeat(LIMITS.transactionBytes / 2);
  const longId = 'a'.repeat(LIMITS.idCharacters + 1);
  const spelt = [`{"id":"a","text":"${long}"}`, `{"id":"${longId}"}`, '{"id":""}', '{"id":"a",}'];
  for (const json of spelt) {
    const { json: text } = toBlock(goodHeader, [included('b'), { key: keyOf('a'), json }]);
    assert.ok([undefined, 'not JSON'].includes(checkRead(text) as undefined), json);
  }
  const fits = included('a'.repeat(LIMITS.idCharacters));
  assert.deepEqual(checkRead(toBlock(goodHeader, [fits]).json), toBlock(goodHeader, [fits]));
});

test('a text of megabytes is read, or refused, like any other', () => {
  const json = `{"id":"a"${',"a":1'.repeat(2_700_000)}}`;
  assert.equal(readBlock(toBlock(goodHeader, [{ key: keyOf('a'), json }]).json), undefined);
});
