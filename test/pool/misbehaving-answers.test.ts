import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../lib/limits.js';
import { PeerError } from '../../lib/peers/peer-error.js';
import { type Answer, type Request, Session } from '../../lib/pool/reconciliation-session.js';
import type { Key } from '../../lib/wire/key.js';
import { CHILDREN, DIGEST_BYTES } from '../../lib/wire/reconciliation-messages.js';
import { checkProperty } from '../support/property.js';
import {
  type Answerer,
  budget,
  follow,
  keyAt,
  Pool,
  spread,
  transactionOf,
} from '../support/sessions.js';

const honest = new Pool(spread(2, 50));
const LISTED = spread(3, LIMITS.keys - 1);
const DIGESTS = randomBytes(CHILDREN * DIGEST_BYTES);

/** A pool that stays empty, and so costs no time where a partner lists millions of keys. */
class Empty extends Pool {
  override has(): boolean {
    return false;
  }
  override take(): boolean {
    return true;
  }
}

/** What an honest pool answers, but for requests of one type. */
const butFor =
  (type: Request['type'], answer: Answerer): Answerer =>
  (request) =>
    request.type === type ? answer(request) : honest.answer(request);
const nodes = (data: Buffer[]): Answer => ({ type: 'NODES', data });
const keys = (some: Key[], next?: number): Answer => ({
  type: 'KEYS',
  data: next === undefined ? { keys: some } : { keys: some, next },
});
const transactions = (some: readonly Key[]): Answer => ({
  type: 'TRANSACTIONS',
  data: some.map(transactionOf),
});
/** Keys, and more of them at the next place. */
const keysFor = (request: Request, some: Key[]): Answer =>
  keys(some, request.type === 'GET_KEYS' ? request.data.from + 1 : 0);
const keysIn = (request: Request) => (request.type === 'GET_TRANSACTIONS' ? request.data : []);
const reversed = (request: Request) => [...keysIn(request)].reverse();
/** The first so many that were asked for, and the very first once more. */
const twice = (request: Request, count: number) => [
  ...keysIn(request).slice(0, count),
  ...keysIn(request).slice(0, 1),
];
const fresh = () => keyAt(randomBytes(6).toString('hex'), randomBytes(4).readUInt32BE());

/** Each way of breaking the rules: what is said of it, after how many requests. */
const offences: [string, number, Answerer][] = [
  ['KEYS for an answer', 1, () => keys([])],
  ['TRANSACTIONS for an answer', 1, () => transactions([])],
  ['digests of other nodes', 1, () => nodes([])],
  ['digests of other nodes', 1, () => nodes([DIGESTS, DIGESTS])],
  ['NODES for an answer', 2, butFor('GET_KEYS', () => nodes([]))],
  ['KEYS for an answer', 3, butFor('GET_TRANSACTIONS', () => keys([]))],
  ['the same keys again', 2, butFor('GET_KEYS', () => keys([], 0))],
  ['the same keys again', 3, butFor('GET_KEYS', () => keys([], 7))],
  ['keys, but not their', 3, butFor('GET_TRANSACTIONS', () => transactions([]))],
  ['not asked for', 3, butFor('GET_TRANSACTIONS', () => transactions([fresh()]))],
  ['not asked for', 3, butFor('GET_TRANSACTIONS', (request) => transactions(twice(request, 1)))],
  ['not asked for', 3, butFor('GET_TRANSACTIONS', (request) => transactions(twice(request, 2)))],
  ['not asked for', 3, butFor('GET_TRANSACTIONS', (request) => transactions(reversed(request)))],
  ['requests without end', LIMITS.sessionRequests, butFor('GET_KEYS', (at) => keysFor(at, []))],
  [
    // Each page lists what it never delivers, and delivers its last.
    'keys without end',
    2 + (2 * LIMITS.sessionKeys) / LIMITS.keys,
    (request) => {
      if (request.type === 'GET_TRANSACTIONS') return transactions(request.data.slice(-1));
      return butFor('GET_KEYS', (at) => keysFor(at, [...LISTED, fresh()]))(request);
    },
  ],
  [
    'transactions without end',
    1 + 2 * Math.ceil((LIMITS.sessionBytes + 1) / LIMITS.answerBytes),
    (request) => {
      if (request.type === 'GET_TRANSACTIONS') return transactions(request.data);
      const large = () => fresh().slice(1) + String.fromCharCode(0);
      return butFor('GET_KEYS', (at) => keysFor(at, Array.from({ length: 8 }, large)))(request);
    },
  ],
];

test('a partner that breaks the rules ends the session, at once or at the bound it runs into', () => {
  for (const [reason, requests, answer] of offences) {
    let asked = 0;
    const counted: Answerer = (request) => {
      asked += 1;
      return answer(request);
    };
    assert.throws(
      () => follow(new Session(new Empty([])).compare(), counted),
      (error) => error instanceof PeerError && error.message.includes(reason),
      reason,
    );
    assert.ok(asked <= requests, `${asked} requests: ${reason}`);
  }
});

test('nothing is taken of an answer that breaks the rules', () => {
  const own = new Pool([]);
  const answer = butFor('GET_TRANSACTIONS', (request) =>
    transactions([...keysIn(request), fresh()]),
  );
  assert.throws(() => follow(new Session(own).compare(), answer), PeerError);
  assert.deepEqual(own.taken, []);
});

test('a session ends when our pool can take no more', () => {
  const own = new Pool([]);
  own.hasRoom = false;
  const answer: Answerer = (request) => new Pool(spread(2, 5000)).answer(request);
  assert.throws(() => follow(new Session(own).compare(), answer), /more than our pool can take/);
  assert.ok(own.taken.length <= LIMITS.keys);
});

test('digests at random for ever lead to no more requests than a tree has nodes for', () => {
  const own = new Pool(spread(1, 70_000));
  const { requests } = follow(new Session(own).compare(), (request) =>
    request.type === 'GET_NODES'
      ? nodes(request.data.map(() => randomBytes(DIGESTS.length)))
      : keys([]),
  );
  assert.ok(requests <= budget(own.keys), `${requests}`);
});

test('whatever the answers are, a session ends, and with no other error than its own', (t) => {
  const known = spread(1, 20);
  const given = fc.array(fc.constantFrom(...known, ...spread(2, 20)), { maxLength: 5 });
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    fc
      .array(fc.uint8Array({ minLength: 0, maxLength: 130 }), { maxLength: 3 })
      .map((digests) => nodes(digests.map((each) => Buffer.from(each)))),
    fc.constant(nodes([DIGESTS])),
    fc
      .tuple(given, fc.option(fc.nat({ max: 100 }), { nil: undefined }))
      .map(([some, next]) => keys(some, next)),
    given.map(transactions),
  );
  checkProperty(
    t,
    fc.property(
      fc.array(answer, { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      (answers, helps) => {
        const own = new Pool(known);
        let asked = 0;
        try {
          follow(new Session(own).compare(), (request) => {
            const next = answers[asked % answers.length] as Answer;
            asked += 1;
            // Half of the time transactions are as they should be, so that walks go on.
            return helps && request.type === 'GET_TRANSACTIONS' ? transactions(request.data) : next;
          });
        } catch (error) {
          assert.ok(error instanceof PeerError, String(error));
        }
        assert.ok(asked <= 300, `${asked}`);
      },
    ),
    2000,
  );
});
