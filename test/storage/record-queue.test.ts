/** The records that wait for the disk. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordQueue } from '../../lib/storage/record-queue.js';
import { CLOSING, FIRST_LEAD, LEAD } from '../../lib/storage/record-table.js';
import { checkProperty } from '../support/property.js';

const MIB = 2 ** 20;

/** A queue gets so many records: as texts, or as bytes in one buffer, with something between them. */
const givenOf = (text: fc.Arbitrary<string>, most: number) =>
  fc.record({
    text,
    count: fc.integer({ min: 1, max: most }),
    between: fc.constantFrom(undefined, ',\n', ',\n', ',\n ', ', ', ''),
  });
const small = givenOf(fc.string({ unit: 'binary' }), 100);
const large = givenOf(
  fc.nat(MIB).map((length) => 'é'.repeat(length)),
  2,
);
const step = fc.oneof(
  { weight: 10, arbitrary: small },
  { weight: 10, arbitrary: fc.constant('write' as const) },
  { weight: 1, arbitrary: large },
);

/** Gives records to a queue; returns their texts. */
function give(queue: RecordQueue, each: typeof small extends fc.Arbitrary<infer T> ? T : never) {
  const texts = Array.from({ length: each.count }, (_, i) => `${i} ${each.text}`);
  const { between } = each;
  if (between === undefined) for (const one of texts) queue.add(one, Buffer.byteLength(one));
  else {
    const buffer = Buffer.from(texts.join(between));
    let start = 0;
    for (const one of texts) {
      const end = start + Buffer.byteLength(one);
      queue.addBytes({ buffer, start, end });
      start = end + between.length;
    }
  }
  return texts;
}

test('what is written is what came, in order, in writes of a bounded size', (t) => {
  checkProperty(
    t,
    fc.property(fc.array(step), (steps) => {
      const queue = new RecordQueue();
      const came: string[] = [];
      let written = 0;
      let file = '';
      let last: Record<'bytes' | 'copy', Buffer> = { bytes: CLOSING, copy: CLOSING };
      for (const step of [...steps, 'write' as const]) {
        if (step !== 'write') came.push(...give(queue, step));
        assert.ok(last.bytes.equals(last.copy), 'what is being written stays the same');
        while (step === 'write' && !queue.isEmpty) {
          const { bytes, count } = queue.take(written === 0 ? FIRST_LEAD : LEAD);
          assert.ok(bytes.length <= MIB || count === 1, `${bytes.length} bytes`);
          written += count;
          last = { bytes, copy: Buffer.from(bytes) };
          file = `${file.slice(0, -CLOSING.length)}${bytes}`;
        }
      }
      assert.equal(written, came.length);
      assert.equal(file, came.length === 0 ? '' : `\n${came.join(',\n')}${CLOSING}`);
    }),
  );
});
