import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GENESIS } from '../../lib/chain/block.js';
import { parseBlock, toBlock } from '../../lib/wire/block.js';
import {
  type BlockMessageData,
  blocksFrame,
  getLatestBlockFrame,
  headersFrame,
  latestBlockFrame,
  locatorFrame,
} from '../../lib/wire/block-messages.js';
import { keyOf } from '../../lib/wire/key.js';
import { type Message, parseMessage } from '../../lib/wire/messages.js';
import { anyBlock, anyHeader, included } from '../support/any-block.js';
import { frame, goodBlock, goodHeader, goodName, parse, TYPES } from '../support/block-messages.js';
import { checkProperty } from '../support/property.js';

type BlockMessage = Message<keyof BlockMessageData>;

const parseFromOther = (text: string) => parseMessage(Buffer.from(text), false);

const anyLocator = fc.array(
  anyHeader.map(({ height, hash }) => ({ height, hash })),
  { maxLength: 64 },
);
const anyMessage: fc.Arbitrary<BlockMessage> = fc.oneof(
  fc.constant({ type: 'GET_LATEST_BLOCK' as const, data: null }),
  anyBlock.map((data) => ({ type: 'LATEST_BLOCK' as const, data })),
  anyLocator.map((data) => ({ type: 'GET_HEADERS' as const, data })),
  anyLocator.map((data) => ({ type: 'GET_BLOCKS' as const, data })),
  fc.array(anyHeader, { maxLength: 20 }).map((data) => ({ type: 'HEADERS' as const, data })),
  fc.array(anyBlock, { maxLength: 5 }).map((data) => ({ type: 'BLOCKS' as const, data })),
);

function frameOf({ type, data }: BlockMessage): string {
  switch (type) {
    case 'GET_LATEST_BLOCK':
      return getLatestBlockFrame();
    case 'LATEST_BLOCK':
      return latestBlockFrame(data.json).toString();
    case 'GET_HEADERS':
    case 'GET_BLOCKS':
      return locatorFrame(type, data);
    case 'HEADERS':
      return headersFrame(data);
    case 'BLOCKS':
      return blocksFrame(data.map(({ json }) => Buffer.from(json))).toString();
  }
}

const isAboutBlocks = (message: object): message is BlockMessage =>
  'type' in message && TYPES.some((type) => type === message.type);

/** The block whose transactions have these texts, as it is read. */
function readBlock(transactions: string) {
  const { transactions: _, ...header } = goodBlock;
  const text = `${JSON.stringify(header).slice(0, -1)},"transactions":${transactions}}`;
  const message = parse(`{"type":"LATEST_BLOCK","data":${text}}`);
  assert.ok('type' in message && message.type === 'LATEST_BLOCK', text);
  return message.data;
}

test('a message about the chain is read as what was written', (t) => {
  checkProperty(
    t,
    fc.property(anyMessage, (sent) => {
      const text = frameOf(sent);
      assert.deepEqual(parse(text), sent);
      assert.deepEqual(Object.keys(JSON.parse(text)), ['type', 'data']);
      if (sent.type !== 'LATEST_BLOCK') return;
      assert.equal(latestBlockFrame(Buffer.from(sent.data.json)).toString(), text);
      assert.deepEqual(parseBlock(JSON.parse(sent.data.json), sent.data.json), sent.data);
    }),
  );
});

test('what nodes like ours say about the chain is unknown from any other', (t) => {
  checkProperty(
    t,
    fc.property(anyMessage, fc.jsonValue(), (sent, data) => {
      assert.deepEqual(parseFromOther(frameOf(sent)), { unknown: sent.type });
      assert.deepEqual(parseFromOther(frame(sent.type, data)), { unknown: sent.type });
      // Nor is a large one looked at as far as its end.
      const large = `${frameOf(sent)}${' '.repeat(128 * 1024)}]`;
      assert.deepEqual(parseFromOther(large), { unknown: sent.type });
    }),
    100,
  );
});

test('the frames are those of the protocol', () => {
  assert.equal(getLatestBlockFrame(), '{"type":"GET_LATEST_BLOCK","data":null}');
  const locator = '[{"height":9,"hash":"ab"}]';
  const request = `{"type":"GET_HEADERS","data":${locator}}`;
  assert.equal(locatorFrame('GET_HEADERS', JSON.parse(locator)), request);
  assert.equal(`${latestBlockFrame('{"a": 1.0}')}`, '{"type":"LATEST_BLOCK","data":{"a": 1.0}}');
  const texts = ['{"a": 1.0}', '7'].map((text) => Buffer.from(text));
  assert.equal(blocksFrame(texts).toString(), '{"type":"BLOCKS","data":[{"a": 1.0},7]}');
});

test('the transactions of a block are kept as the texts they are', () => {
  const texts = [
    '{"id":"a","amount":1.0}',
    '{ "id" : 7 , "amount" : 1e2, "amount": -0 }',
    '{"id":12345678901234567890,"note":"\\u0061\\/\\n}],\\"{"}',
    '{"2":[ ],"1":{},"id":"\\u0062", "é\u2028":"😀"}',
    '{"hash":"c","__proto__":{"id":"d"},"constructor":0}',
    '{"amount":1.50}',
  ];
  // printf '{"amount":1.5}' | sha256sum
  const namelessId = '9c7cd1a8a02864a9eb4a34c2e2afafbdf972ffd9ee0e3ce15ba5a5b41add0301';
  const ids = ['a', 7, '12345678901234567890', 'b', 'c', namelessId];
  const expected = texts.map((json, i) => ({ key: keyOf(ids[i] as string), json }));
  for (const space of ['', ' ', '\r\n\t']) {
    const block = readBlock(`[${space}${texts.join(`${space},${space}`)}${space}]`);
    assert.deepEqual(block.transactions, expected);
    assert.equal(block.json, toBlock(goodHeader, expected).json);
  }
  assert.deepEqual(readBlock(' [ \n ] ').transactions, []);
});

test('a line break between the tokens of a transaction becomes a space', () => {
  const { transactions, json } = readBlock('[{\r\n"id":\n\n"a\\n",\r"b":[\n]}\n,\n{"id":"c"}]');
  const texts = ['{ "id": "a\\n", "b":[ ]}', '{"id":"c"}'];
  assert.equal(transactions[0]?.json, texts[0]);
  assert.ok(json.endsWith(`"transactions":[${texts.join()}]}`));
});

test('a block is read however it is spelt, and written in one way', () => {
  const written = toBlock(goodHeader, [included('a')]);
  const text = written.transactions[0]?.json;
  const members = Object.entries(goodHeader).map((member) =>
    member.map((each) => JSON.stringify(each)).join(':'),
  );
  const odd = [
    '"transactions":7,"height":"0","extra":{"transactions":[]},"__proto__":{"height":5}',
    ...members.reverse(),
    `"nonc\\u0065" : 3799.0,\n"timestamp":17356896e5,"transac\\u0074ions" : [ ${text} ]`,
  ].join(' ,\t');
  for (const text of [
    `{"type":"LATEST_BLOCK","data":{${odd}}}`,
    `\n{ "data" : 7 , "extra":{"data":[]}, "d\\u0061ta":\n{${odd}}\n, "type":"LATEST_BLOCK" }\n`,
  ]) {
    assert.deepEqual(parse(text), { type: 'LATEST_BLOCK', data: written });
  }
  const blocks = `{"data":[ {${odd}},\n${GENESIS.json} ],"type":"BLOCKS"}`;
  assert.deepEqual(parse(blocks), { type: 'BLOCKS', data: [written, GENESIS] });
  for (const type of ['HEADERS', 'GET_HEADERS', 'GET_BLOCKS']) {
    const data = [type === 'HEADERS' ? goodHeader : goodName];
    assert.deepEqual(parse(`{"type":"${type}","data":[{${odd}}]}`), { type, data });
  }
  const request = { type: 'GET_LATEST_BLOCK', data: null };
  assert.deepEqual(parse(frame(request.type, goodBlock)), request);
});

test('whatever the data is, it is read or malformed', (t) => {
  const good = fc.constantFrom(null, goodBlock, [goodBlock], [goodName], [goodHeader]);
  checkProperty(
    t,
    fc.property(
      fc.constantFrom(...TYPES),
      good,
      fc.jsonValue(),
      fc.nat(),
      (type, data, odd, at) => {
        // Anything, and what is right but for one value somewhere in it.
        let place = -1;
        const changed = JSON.stringify(data, (_, value) => {
          place += 1;
          return place === at % 30 ? odd : value;
        });
        for (const text of [frame(type, odd), `{"type":"${type}","data":${changed}}`]) {
          const message = parse(text);
          assert.ok('malformed' in message || (isAboutBlocks(message) && message.type === type));
        }
      },
    ),
    1000,
  );
});

test('a frame whose bytes have been changed is something that could have been sent, or nothing', (t) => {
  const change = fc.tuple(fc.nat(), fc.nat(2), fc.uint8Array({ maxLength: 2 }));
  checkProperty(
    t,
    fc.property(anyMessage, fc.array(change, { maxLength: 3 }), (sent, changes) => {
      let bytes = Buffer.from(frameOf(sent));
      for (const [at, removed, added] of changes) {
        const place = at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, place), added, bytes.subarray(place + removed)]);
      }
      assert.ok(!isAboutBlocks(parseMessage(bytes, false)));
      const message = parseMessage(bytes, true);
      assert.equal(['type', 'malformed', 'unknown'].filter((kind) => kind in message).length, 1);
      if (!isAboutBlocks(message)) return;
      const again = parse(frameOf(message));
      assert.ok(isAboutBlocks(again) && frameOf(again) === frameOf(message));
    }),
    1000,
  );
});
