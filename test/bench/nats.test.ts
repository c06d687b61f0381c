/** What is read from the servers of NATS, and how they are set; the servers themselves do not run. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  areFollowersCurrent,
  configurationOf,
  heldBy,
  leaderIn,
} from '../../bench/nats-servers.js';

const SIZE = 3;

/** As a server answers that has 8,000 messages. */
function answer(replicas: { current: boolean; lag?: number }[]): Answer {
  const cluster = { leader: 'server-2', replicas };
  return { account_details: [{ stream_detail: [{ state: { messages: 8000 }, cluster }] }] };
}

test('a server tells its own number of messages, and who leads', () => {
  const current = answer([{ current: true }, { current: true }]);
  assert.deepEqual([heldBy(current), leaderIn(current)], [8000, 'server-2']);
  assert.deepEqual([heldBy({}), leaderIn({})], [0, undefined]);
});

test('replicas are current if the leader says that of both followers, and none lags', () => {
  assert.ok(areFollowersCurrent(answer([{ current: true }, { current: true, lag: 0 }]), SIZE));
  for (const replicas of [
    [{ current: true }, { current: false }],
    [{ current: true }, { current: true, lag: 848 }],
    [{ current: true }],
    [],
  ]) {
    assert.ok(!areFollowersCurrent(answer(replicas), SIZE), JSON.stringify(replicas));
  }
  assert.ok(!areFollowersCurrent({}, SIZE));
});

test('each server has a port and a folder of its own, and a route to all', () => {
  const places = [1, 2].map((number) => ({
    ...{ name: `server-${number}`, clientPort: number, routePort: 10 + number },
    monitorPort: 20 + number,
  }));
  const [text] = places.map((place) => configurationOf(place, places, '/t'));
  assert.match(text ?? '', /^port: 1\nhttp: "127.0.0.1:21"$/m);
  assert.match(text ?? '', /store_dir: "\/t\/server-1"/);
  assert.match(
    text ?? '',
    /port: 11, routes: \["nats:\/\/127.0.0.1:11", "nats:\/\/127.0.0.1:12"\]/,
  );
  assert.doesNotMatch(text ?? '', /sync_interval/);
});
