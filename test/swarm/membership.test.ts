import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type End, Membership } from '../../lib/swarm/membership.js';

const ENDS: readonly End[] = ['client', 'server'];

test('members of a swarm meet under one topic, and nobody else does', () => {
  const topicOf = (name: string, secret?: string) =>
    new Membership(name, secret).topic.toString('hex');
  const topics = [
    topicOf('our class'),
    topicOf('Our class'),
    topicOf('our class', 'a secret'),
    topicOf('our class', 'another secret'),
    topicOf('our school', 'a secret'),
  ];
  assert.equal(new Set(topics).size, topics.length);
  for (const topic of topics) assert.match(topic, /^[0-9a-f]{64}$/);
  assert.equal(topicOf('our class', 'a secret'), topics[2]);
  // However an é is typed.
  assert.equal(topicOf('Caf\u00e9'), topicOf('Cafe\u0301'));
});

test('a proof shows the secret to one end of one connection, and tells it to nobody', () => {
  const secret = 'correct horse battery staple';
  const [ours, theirs] = [new Membership('x', secret), new Membership('x', secret)];
  const other = new Membership('x', 'another secret');
  const handshake = randomBytes(64);
  for (const end of ENDS) {
    const proof = ours.proofOf(end, handshake);
    assert.ok(proof !== undefined && !proof.includes(secret));
    assert.ok(theirs.isProof(proof, end, handshake));
    assert.ok(!other.isProof(proof, end, handshake));
    assert.ok(!theirs.isProof(proof, end, randomBytes(64)));
    for (const opposite of ENDS.filter((each) => each !== end)) {
      assert.ok(!theirs.isProof(proof, opposite, handshake));
    }
    for (const wrong of [
      undefined,
      '',
      [proof],
      proof.slice(1),
      `${proof}0`,
      proof.toUpperCase(),
    ]) {
      assert.ok(!theirs.isProof(wrong, end, handshake), String(wrong));
    }
  }
});

test('in an open network nothing is proven, and nothing asked for', () => {
  const open = new Membership('x', undefined);
  for (const end of ENDS) {
    assert.equal(open.proofOf(end, randomBytes(64)), undefined);
    assert.ok(open.isProof(undefined, end, randomBytes(64)));
  }
});
