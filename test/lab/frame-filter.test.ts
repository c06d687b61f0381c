/** What a lossy link passes on: all but every third message, wherever the bytes are cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameFilter } from '../../lab/frame-filter.js';
import { frameOf, OPCODES } from '../support/frames.js';
import { checkProperty } from '../support/property.js';

/** A message, in one frame or more, perhaps with a ping between them. */
interface Message {
  readonly parts: readonly string[];
  readonly isPinged: boolean;
}

const MESSAGE: fc.Arbitrary<Message> = fc.record({
  parts: fc.array(
    fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom('a'.repeat(126), 'b'.repeat(70_000))),
    { minLength: 1, maxLength: 3 },
  ),
  isPinged: fc.boolean(),
});

const isLast = (parts: readonly unknown[], at: number) => at === parts.length - 1;

/** The frames of a message; without the message, only the pings in it. */
function framesOf({ parts, isPinged }: Message, isWithMessage = true): Buffer {
  const frames = parts.flatMap((part, at) => {
    const opcode = at === 0 ? OPCODES.text : OPCODES.continuation;
    const data = frameOf(part, { opcode, isFinal: isLast(parts, at) });
    const ping = frameOf('ping', { opcode: OPCODES.ping });
    return [...(isWithMessage ? [data] : []), ...(isPinged ? [ping] : [])];
  });
  return Buffer.concat(frames);
}

/** All that passes, when it comes in pieces of these sizes. */
function pass(filter: FrameFilter, bytes: Buffer, sizes: readonly number[]): Buffer {
  const passed: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    passed.push(...filter.take(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(passed);
}

const SIZES = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(100_000)), {
  minLength: 1,
  maxLength: 5,
});

test('a lossy link loses every third message, and nothing between its frames', (t) =>
  checkProperty(
    t,
    fc.property(fc.array(MESSAGE, { maxLength: 8 }), SIZES, (messages, sizes) => {
      const lost: number[] = [];
      const filter = new FrameFilter((bytes) => lost.push(bytes));
      const bytes = Buffer.concat(messages.map((each) => framesOf(each)));
      const isLost = (at: number) => (at + 1) % 3 === 0;
      const expected = messages.map((each, at) => framesOf(each, !isLost(at)));
      assert.ok(pass(filter, bytes, sizes).equals(Buffer.concat(expected)));
      const lostBytes = messages.filter((_, at) => isLost(at));
      assert.deepEqual(
        lost,
        lostBytes.map(({ parts }) => Buffer.byteLength(parts.join(''))),
      );
    }),
    200,
  ));
