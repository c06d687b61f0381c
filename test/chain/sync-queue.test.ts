/** Whose turn it is, of those who say that they have more work than we have. */

import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { SyncQueue } from '../../lib/chain/sync-queue.js';
import type { Connection } from '../../lib/peers/connection.js';
import type { Routes } from '../../lib/peers/routes.js';

const OUR_HEIGHT = 10;

afterEach(() => mock.restoreAll());

/** Somebody, or another connection with the same peer. */
function connection(peer?: string): Connection {
  return { peer } as unknown as Connection;
}

/** Knows the peers that have proven to be where they say, by their names. */
function newClaims(): {
  claims: SyncQueue;
  pass: (ms: number) => void;
  takeAll: () => Connection[];
} {
  const peers = new Map<string, Connection>();
  const peerBehind = (from: Connection) => {
    const { peer } = from as unknown as { peer?: string };
    if (peer === undefined) return undefined;
    const proven = peers.get(peer) ?? connection(peer);
    peers.set(peer, proven);
    return proven;
  };
  let nowMs = 1000;
  mock.method(performance, 'now', () => nowMs);
  const claims = new SyncQueue({ peerBehind } as unknown as Routes);
  return {
    claims,
    pass: (ms) => {
      nowMs += ms;
    },
    takeAll: () => {
      const taken: Connection[] = [];
      for (let next = claims.take(OUR_HEIGHT); next; next = claims.take(OUR_HEIGHT)) {
        taken.push(next.from);
        nowMs += 1;
      }
      return taken;
    },
  };
}

test('of several claims, that of a peer comes first, and then the highest', () => {
  const { claims, takeAll } = newClaims();
  const [client, low, high, stale] = [
    connection(),
    connection('low'),
    connection('high'),
    connection('stale'),
  ];
  claims.add({ from: client, height: 99 });
  claims.add({ from: low, height: 11 });
  claims.add({ from: high, height: 12 });
  claims.add({ from: stale, height: OUR_HEIGHT });
  assert.deepEqual(takeAll(), [high, low, client]);
});

test('one that promises much has no second turn before the others, over whatever connection', () => {
  const { claims, pass, takeAll } = newClaims();
  const [first, second, honest] = [
    connection('misbehaving'),
    connection('misbehaving'),
    connection('honest'),
  ];
  claims.add({ from: first, height: 1_000_000 });
  assert.deepEqual(takeAll(), [first]);
  pass(1);
  claims.add({ from: first, height: 1_000_000 });
  claims.add({ from: second, height: 1_000_000 });
  claims.add({ from: honest, height: 11 });
  assert.equal(claims.take(OUR_HEIGHT)?.from, honest);
});

test('one that rests has no turn for half a minute, and is not forgotten', () => {
  const { claims, pass, takeAll } = newClaims();
  const [from, other, dropped] = [connection('resting'), connection('resting'), connection()];
  claims.rest(from);
  claims.add({ from: other, height: 11 });
  claims.add({ from: dropped, height: 11 });
  claims.drop(dropped);
  pass(29_999);
  assert.deepEqual(takeAll(), []);
  pass(1);
  assert.deepEqual(takeAll(), [other]);
});
