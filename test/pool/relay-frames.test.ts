/** Many transactions in one frame, between nodes that recognise each other. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../lib/limits.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { manyFrame, textsOf } from '../../lib/wire/transaction-messages.js';
import { ask } from '../support/client.js';
import { frameOf, openRaw } from '../support/frames.js';
import { connectTo, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { honest, MeshPeer } from '../support/mesh-peer.js';
import { checkProperty } from '../support/property.js';

const FIRST = { id: 'first', amount: 1 };
const parse = (text: string) => parseMessage(Buffer.from(text), true);

/** The ids in all frames of a type that a peer has heard, in order. */
function idsIn(heard: readonly string[], type: 'RELAY' | 'TRANSACTION'): string[] {
  const messages = heard.map((text) => JSON.parse(text)).filter((each) => each.type === type);
  return messages.flatMap(({ data }) => data).map(({ id }) => id);
}

test('in a frame of many, a text is read as JSON.parse reads it, or refused', (t) => {
  const pieces = [
    '{"id":"a"}',
    '{"id":1.0}',
    '{"id":"é\\n"}',
    '{"id":"é","n":"é"}',
    '{"id":"😀","n":[{},\n{}]}',
    '{"hash":"b",\r\n"n":1}',
  ];
  const { idCharacters, transactionBytes } = LIMITS;
  const bounds = [0, 1].flatMap((more) => [
    `{"id":"${'x'.repeat(idCharacters + more)}"}`,
    `{"id":"${'é'.repeat(idCharacters + more)}"}`,
    `{"id":"b","n":"${'n'.repeat(transactionBytes - '{"id":"b","n":""}'.length + more)}"}`,
  ]);
  const others = [
    '{}',
    '[]',
    '7',
    '"},\n{"',
    '{"id":',
    '}',
    ' ',
    '',
    ',',
    ',\n',
    '\n',
    'x',
    '\ufeff',
  ];
  const piece = fc.constantFrom(...pieces, ...bounds, ...others);
  const usual = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    fc.constantFrom(...bounds),
  );
  const many = fc.array(fc.oneof(usual, piece), { maxLength: 6 }).map((all) => all.join(',\n'));
  const few = fc.array(usual, { maxLength: 3 }).map((all) => all.join(',\n'));
  const any = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''));
  checkProperty(
    t,
    fc.property(
      fc.constantFrom('RELAY', 'TRANSACTIONS'),
      fc.oneof(few, many, any),
      (type, inside) => {
        const text = `{"type":"${type}","data":[\n${inside}\n]}`;
        const read = parse(text);
        let data: unknown[] | undefined;
        try {
          ({ data } = JSON.parse(text));
        } catch {}
        const isFit = data?.every((each) => parsedAlone(each));
        assert.equal('type' in read, isFit === true, text);
        if (!('type' in read) || read.type !== type) return;
        const texts = read.data.map(({ json }) => json);
        assert.deepEqual(
          texts.map((each) => JSON.parse(each)),
          data,
        );
        for (const { id, key, json, bytes } of read.data) {
          const alone = parse(`{"type":"TRANSACTION","data":${json}}`);
          assert.deepEqual(alone, { type: 'TRANSACTION', data: { id, key, json, bytes } });
        }
      },
    ),
  );
});

test('whichever of those in a frame go on, they do so as they came', (t) => {
  const text = fc.constantFrom('{"id":"a"}', '{"id":"b"}', '{"id":"c"}', '{"id":"é", "n":1}');
  const chosen = fc.array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 3 });
  checkProperty(
    t,
    fc.property(fc.array(chosen, { maxLength: 4 }), (frames) => {
      const going = frames.flatMap((frame) => {
        const texts = frame.map(([each]) => each);
        const read = parseMessage(manyFrame('RELAY', texts), true);
        assert.ok('type' in read && read.type === 'RELAY');
        return read.data.filter((_, place) => frame[place]?.[1]);
      });
      const texts = frames.flat().flatMap(([each, isGoing]) => (isGoing ? each : []));
      const frame = manyFrame('RELAY', textsOf(going));
      assert.equal(frame.toString(), manyFrame('RELAY', texts).toString());
    }),
  );
});

function parsedAlone(value: unknown): boolean {
  return 'type' in parse(JSON.stringify({ type: 'TRANSACTION', data: value }));
}

test('what comes in one go goes on in one frame to our kind, and one by one to any other', () =>
  withHostedNodes(async (network) => {
    const [ours, plain] = [network.keep(await MeshPeer.open(honest([]))), await network.trap()];
    const node = await network.startNode('node-1', [ours.address, plain.address]);
    await until('the peers', () => ours.asked('GET_NODES') > 0 && plain.openCallers.length === 1);
    const ids = Array.from({ length: 3000 }, (_, i) => `t${i}`);
    // One piece of them is larger than what goes into a frame.
    const message = (id: string) => {
      const content = id === 't700' ? 'x'.repeat(60_000) : 'é';
      return JSON.stringify({ type: 'TRANSACTION', data: { id, content } });
    };
    const client = await openRaw(node);
    client.write(Buffer.concat(ids.map((id) => frameOf(message(id)))));
    await until('all', () => plain.received('TRANSACTION').length === 3000);
    assert.deepEqual(
      idsIn(
        plain.callers.flatMap(({ frames }) => frames),
        'TRANSACTION',
      ),
      ids,
    );
    const heard = () => ours.heard.filter((text) => /^\{"type":"(RELAY|TRANSACTION)"/.test(text));
    const heardIds = () => heard().flatMap((text) => [JSON.parse(text).data].flat());
    await until('all there too', () => heardIds().length === 3000);
    assert.deepEqual(
      heardIds().map(({ id }) => id),
      ids,
    );
    assert.ok(heard().length < 100, `${heard().length} frames`);
    for (const text of heard()) {
      const { data } = JSON.parse(text);
      assert.ok([data].flat().length <= LIMITS.keys);
      assert.ok(Buffer.byteLength(text) < LIMITS.relayBytes + 4096, `${text.length} characters`);
    }
    client.write(frameOf(message('alone')));
    await until('the single one', () => idsIn(ours.heard, 'TRANSACTION').includes('alone'));
    client.destroy();
  }));

test('each of many is taken as if it had come alone', () =>
  withHostedNodes(async (network) => {
    const [next, plain] = [network.keep(await MeshPeer.open(honest([]))), await network.trap()];
    const node = await network.startNode('node-1', [next.address, plain.address]);
    await until('the peers', () => next.asked('GET_NODES') > 0 && plain.openCallers.length === 1);
    await ask(node.address, FIRST);
    const sender = network.keep(await MeshPeer.open(honest([])));
    const socket = await sender.dial(node.address);
    const texts = ['{"id":"first","amount":2}', '{"id":"a","n":1.0}', '{"id":"a"}', '{"n":\n[ ]}'];
    socket.send(manyFrame('RELAY', texts).toString());
    await until('them', () => plain.received('TRANSACTION').length === 3);
    assert.deepEqual(plain.received('TRANSACTION'), [FIRST, { id: 'a', n: 1 }, { n: [] }]);
    await until('them there too', () => next.heard.some((text) => text.includes('"n":1.0')));
    assert.equal(
      await node.poolText(),
      '[\n{"id":"first","amount":1},\n{"id":"a","n":1.0},\n{"n": [ ]}\n]\n',
    );
    await until('a line', () => /conflict: transaction first/.test(node.stdout));
  }));

test('a frame of many with one that is none is refused, and so is one from somebody else', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const sender = network.keep(await MeshPeer.open(honest([])));
    const [socket, stranger] = [await sender.dial(node.address), await connectTo(node.address)];
    const frame = (...texts: string[]) => manyFrame('RELAY', texts).toString();
    stranger.send(frame('{"id":"stranger"}'));
    stranger.send(JSON.stringify(transactionMessage('of the stranger')));
    socket.send(frame('{"id":"a"}', '7'));
    socket.send(frame(...Array.from({ length: 1025 }, (_, i) => `{"id":${i}}`)));
    socket.send('{"type":"RELAY","data":{"id":"a"}}');
    await until('the end', () => socket.readyState === socket.CLOSED);
    await until('the other', async () => (await node.pool()).length > 0);
    assert.deepEqual(
      (await node.pool()).map(({ id }) => id),
      ['of the stranger'],
    );
    assert.match(node.stdout, /RELAY data holds something other than transactions/);
    assert.match(node.stdout, /RELAY data that is too long/);
    assert.match(node.stdout, /RELAY data is not an array/);
    stranger.terminate();
  }));

test('a frame of many may hold more lines than it may hold transactions', () => {
  const pretty = JSON.stringify({ id: 'a', from: 'b', to: 'c', amount: 1 }, null, 1);
  for (const [count, isFit] of [
    [LIMITS.keys, true],
    [LIMITS.keys + 1, false],
  ] as const) {
    const read = parseMessage(manyFrame('RELAY', Array(count).fill(pretty)), true);
    assert.equal('type' in read && read.type === 'RELAY' && read.data.length === count, isFit);
  }
});
