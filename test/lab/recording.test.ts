/** What the lab makes of what nodes tell it: one message of two halves, in order, and not for ever. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OtherEntry } from '../../lab/entries.js';
import { Lab } from '../../lab/lab.js';
import { type Message, Pairs, type Told } from '../../lab/pairs.js';
import { Recording } from '../../lab/recording.js';

const [A, B] = ['ws://a', 'ws://b'];
const MINUTE_MS = 60_000;

/** A frame from A to B, as one of the two tells of it. */
function frame(direction: 'in' | 'out', at: number, text = 'hello'): Told {
  const peer = direction === 'out' ? B : A;
  return { at, direction, peer, type: 'RELAY', bytes: text.length, ids: [], text };
}

function pool(at: number, transactions: number): OtherEntry {
  return { kind: 'pool', at, address: A, transactions };
}

function message(at: number, text = ''): Message {
  const [from, to] = [A, B];
  const content = { type: 'RELAY', bytes: text.length, ids: [], status: null, text, isLost: false };
  return { kind: 'message', at, arrivedAt: at, from, to, ...content };
}

/** The numbers of the messages that are recorded. */
function numbersIn(recording: Recording): number[] {
  return recording.entries.flatMap((each) => (each.kind === 'message' ? [each.number] : []));
}

test('two halves become one message, whichever is told first, and equal ones in their order', () => {
  for (const isSentFirst of [true, false]) {
    const pairs = new Pairs();
    const sent = (at: number) => pairs.add(frame('out', at), A, true);
    const came = (at: number) => pairs.add(frame('in', at), B, true);
    const [first, second] = isSentFirst ? [sent, came] : [came, sent];
    assert.deepEqual(
      [first(isSentFirst ? 1 : 3), first(isSentFirst ? 2 : 4)],
      [undefined, undefined],
    );
    const told = [second(isSentFirst ? 3 : 1), second(isSentFirst ? 4 : 2)];
    const times = told.map((each) => [each?.at, each?.arrivedAt, each?.from, each?.to]);
    assert.deepEqual(times, [
      [1, 3, A, B],
      [2, 4, A, B],
    ]);
    assert.deepEqual(pairs.overdue(Infinity), []);
  }
});

test('what nobody else can tell of is a message at once; what does not arrive is one later', () => {
  const pairs = new Pairs();
  const alone = pairs.add({ ...frame('in', 1), peer: null }, B, false);
  assert.deepEqual([alone?.from, alone?.to, alone?.at, alone?.arrivedAt], [null, B, 1, 1]);

  pairs.add(frame('out', 100), A, true);
  pairs.add(frame('out', 100, 'another'), A, true);
  pairs.lose(A, B, 'another'.length, 101);
  pairs.lose(B, A, 'hello'.length, 101);
  assert.deepEqual(pairs.overdue(150), []);
  const late = pairs.overdue(1000).map(({ text, isLost, arrivedAt }) => [text, isLost, arrivedAt]);
  // The first has the length of a message that was lost in the other direction.
  assert.deepEqual(late, [
    ['hello', false, null],
    ['another', true, null],
  ]);
});

test('entries are told in the order of time, each once, when no earlier one can come', () => {
  const recording = new Recording();
  recording.add(message(200));
  recording.add(message(100));
  recording.add(message(1000));
  const told = recording.next(700).map(({ at }) => at);
  assert.deepEqual(told, [100, 200]);
  assert.deepEqual(recording.next(700), []);
  assert.deepEqual(
    recording.next(5000).map(({ at }) => at),
    [1000],
  );
  assert.equal(recording.entries.length, 3);
});

test('of what is too old or too much only the state is kept that it led to', () => {
  const start = 1_000_000;
  const recording = new Recording();
  recording.add(pool(start, 1));
  recording.add(pool(start + 1, 2));
  recording.add(message(start + 2, 'old'));
  recording.next(start + MINUTE_MS);
  const [old = 0] = numbersIn(recording);
  assert.equal(recording.textOf(old), 'old');
  recording.add(message(start + 6 * MINUTE_MS, 'new'));
  recording.next(start + 7 * MINUTE_MS);
  const [latest = 0, ...none] = numbersIn(recording);
  assert.deepEqual(none, []);
  assert.deepEqual(
    [old, latest].map((each) => recording.textOf(each)),
    [undefined, 'new'],
  );
  const { text, ...content } = message(start + 6 * MINUTE_MS, 'new');
  const told = { ...content, number: latest };
  assert.deepEqual(recording.entries, [pool(start + 1, 2), told]);
  assert.equal(recording.since, start + 2);

  const later = start + 7 * MINUTE_MS;
  for (let count = 0; count < 25_000; count++) recording.add(message(later));
  recording.next(later + 1000);
  assert.equal(recording.entries.length, 20_001);
  for (let count = 0; count < 9; count++) {
    recording.add(message(later, 'x'.repeat(2 * 1024 * 1024)));
  }
  recording.next(later + 1000);
  const texts = numbersIn(recording).map((each) => recording.textOf(each) ?? '');
  const characters = texts.join('').length;
  assert.ok(characters > 0 && characters <= 16 * 1024 * 1024, `${characters} characters`);
  assert.ok(recording.entries.some(({ kind }) => kind === 'pool'));
});

test('what is older than a recording goes back is a state, and no moment', async () => {
  const file = new URL('../../lab/page/recording.js', import.meta.url);
  const { Recording: PageRecording } = await import(file.href);
  const page = new PageRecording();
  page.begin(1000);
  assert.ok(page.add([pool(1, 7), pool(1000, 8)]));
  assert.deepEqual([page.first, page.end, page.beginning], [0, 0, undefined]);
  const pooled = (index: number) => page.stateAt(index).nodes.get(A).pool;
  assert.equal(pooled(0), 8);
  assert.equal(page.add([pool(1001, 9)]), false);
  assert.deepEqual([page.end, page.beginning, pooled(1), pooled(0)], [1, 1001, 9, 8]);
});

test('who looks after long is told how far the recording goes back by then', () => {
  const lab = new Lab([]);
  const old = Date.now() - 6 * MINUTE_MS;
  lab.record(pool(old, 7));
  const told: unknown[] = [];
  const leave = lab.watch({
    begin: (since) => told.push(since),
    tell: (entries) => told.push(...entries),
  });
  leave();
  assert.deepEqual(told, [old, pool(old, 7)]);
});
