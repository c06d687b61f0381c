/**
 * What a fuzzer puts into frames: messages of every type, right and nearly right, JSON as odd as
 * it may be, and bytes that have been changed.
 */

import fc, { type Arbitrary } from 'fast-check';
import { GENESIS } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';

const TYPES = [
  'HANDSHAKE',
  'TRANSACTION',
  'TRANSACTIONS',
  'GET_NODES',
  'NODES',
  'GET_KEYS',
  'KEYS',
  'GET_TRANSACTIONS',
  'OFFER_KEYS',
  'GET_LATEST_BLOCK',
  'LATEST_BLOCK',
  'GET_HEADERS',
  'HEADERS',
  'GET_BLOCKS',
  'BLOCKS',
] as const;

/** Around a bound, where mistakes are made, or small. */
const about = (bound: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.nat(4) },
    fc.constantFrom(bound - 1, bound, bound + 1, 2 * bound),
  );
const repeated = (text: string, bound: number) => about(bound).map((times) => text.repeat(times));

const oddText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '"', '\\', '\0', '\u2028', '\ufeff') }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length', 'type', 'data', 'id', 'hash'),
);
const oddNumber = fc.constantFrom('-0', '1.0', '1e400', '-1E-400', '9007199254740993', '0.1e+2');
const idText = fc.oneof(
  { weight: 5, arbitrary: oddText.map((id) => JSON.stringify(id)) },
  { weight: 3, arbitrary: repeated('x', LIMITS.idCharacters).map((id) => JSON.stringify(id)) },
  oddNumber,
  fc.maxSafeInteger().map(String),
  fc.constantFrom('null', 'true', '{}', '[]', '""'),
);

/** JSON with the freedoms that it gives: spaces, escapes, names that come twice, any depth. */
const { value: jsonText } = fc.letrec<{ value: string; members: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', '""', '"\\ud800"', '"\\u0061}]"'),
    oddNumber,
    oddText.map((text) => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 4 }).map((parts) => `[${parts.join(' ,')}]`),
    tie('members').map((members) => `{${members}}`),
    about(LIMITS.transactionLevels).map((levels) => nested(levels)),
  ),
  members: fc
    .array(fc.tuple(oddText, tie('value')), { maxLength: 4 })
    .map((members) => members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()),
}));

const transactionText = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('id', 'hash'), idText), { maxLength: 2 }),
    fc.array(fc.tuple(oddText, jsonText), { maxLength: 3 }),
    fc.oneof({ weight: 10, arbitrary: fc.constant('') }, repeated('é', 32_768 - 20)),
    fc.constantFrom('', ' ', '\r\n'),
  )
  .map(([identity, members, padding, space]) => {
    const all = [
      ...identity.map(([name, value]) => `"${name}"${space}:${value}`),
      ...members.map(([name, value]) => `${JSON.stringify(name)}:${space}${value}`),
      ...(padding === '' ? [] : [`"padding":"${padding}"`]),
    ];
    return `{${space}${all.join(`${space},`)}${space}}`;
  });

export const anyAddress = fc.oneof(
  oddText,
  fc
    .tuple(
      fc.constantFrom('ws://', 'wss://', 'WS://', 'http://', 'ws:', 'ws:///', 'ws://a:b@'),
      fc.oneof(
        fc.constantFrom('localhost', 'localhost.', '[::1]', '127.1', '0x7f.1', '[::ffff:7f00:1]'),
        fc.constantFrom('exämple.org', 'ｌocalhost', 'a\u00adb', '\0', '%6c', 'a b'),
        fc.domain(),
        fc.ipV4Extended(),
        fc.ipV6().map((ip) => `[${ip}]`),
        repeated('a', LIMITS.addressCharacters - 10),
      ),
      fc.oneof(
        fc.integer({ min: -2, max: 70_000 }).map((port) => `:${port}`),
        fc.constantFrom('', ':', ':0', ':00', ':65535', ':65536', ':1e3', ':0x50', ':٣'),
      ),
      fc.constantFrom('', '', '', '/', '//', '/x', '?', '#', '\\', '%00', '\n', ' '),
    )
    .map((parts) => parts.join('')),
);
/** For a node that will dial them: on this machine, and where nobody listens. */
export const deadAddress = fc
  .tuple(fc.nat(255), fc.integer({ min: 1, max: 254 }), fc.integer({ min: 1, max: 65_535 }))
  .map(([third, fourth, port]) => `ws://127.77.${third}.${fourth}:${port}`);

export const hexDigits = (most: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { maxLength: most })
    .map((digits) => digits.join(''));
const oddName = fc.constantFrom('g', 'zzz', 'A', '0\n', ' ', '-1');
/** Lists of names, keys or digests in JSON; around the bounds too, and not always all fit. */
const namesText = (digits: number) =>
  fc.oneof(
    fc.array(fc.oneof({ weight: 9, arbitrary: hexDigits(digits) }, oddName, hexDigits(digits + 1))),
    about(LIMITS.treeNodes).map((count) =>
      Array.from({ length: count }, (_, place) => place.toString(16).padStart(3, '0')),
    ),
    fc.array(fc.oneof(oddText, fc.nat())),
  );
const base64 = (bytes: Arbitrary<number>) =>
  fc
    .tuple(bytes, fc.nat(255))
    .map(([length, fill]) => Buffer.alloc(length, fill).toString('base64'));
const keysText = base64(
  fc.oneof({ weight: 9, arbitrary: about(LIMITS.keys).map((count) => 12 * count) }, fc.nat(30)),
);
const place = fc.oneof(fc.maxSafeNat(), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, '0', null));
const toJson = (value: Arbitrary<unknown>) => value.map((each) => JSON.stringify(each));
const list = (text: Arbitrary<string>, bound: number) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(text, { maxLength: 6 }) },
    fc.tuple(text, about(bound)).map(([each, count]) => manyTimes(each, count)),
  );

const hashText = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(GENESIS.hash, GENESIS.merkleRoot, '0'.repeat(64)) },
  hexDigits(65),
  oddText,
);
const wholeText = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('0', '1', '2', '3799', String(GENESIS.timestamp)) },
  oddNumber,
  jsonText,
);
const headerMembers = fc
  .tuple(wholeText, wholeText, hashText, hashText, wholeText, hashText)
  .map(([height, timestamp, previousHash, merkleRoot, nonce, hash]) => {
    const [previous, root, own] = [previousHash, merkleRoot, hash].map((text) =>
      JSON.stringify(text),
    );
    return `"height":${height},"timestamp":${timestamp},"previousHash":${previous},"merkleRoot":${root},"nonce":${nonce},"hash":${own}`;
  });
const headerText = headerMembers.map((members) => `{${members}}`);
const blockText = fc.oneof(
  fc.constant(GENESIS.json),
  fc
    .tuple(headerMembers, list(transactionText, LIMITS.blockTransactions))
    .map(([members, texts]) => `{${members},"transactions":[${texts.join(', ')}]}`),
);
const locatorText = list(
  fc.tuple(wholeText, hashText).map(([height, hash]) => {
    return `{"height":${height},"hash":${JSON.stringify(hash)}}`;
  }),
  LIMITS.locatorEntries,
).map((names) => `[${names.join()}]`);

function dataText(type: string, address: Arbitrary<string>): Arbitrary<string> {
  const forms: Record<(typeof TYPES)[number], Arbitrary<string>> = {
    HANDSHAKE: toJson(list(address, LIMITS.handshakeAddresses)),
    TRANSACTION: transactionText,
    TRANSACTIONS: list(transactionText, LIMITS.keys).map((texts) => `[${texts.join()}]`),
    GET_NODES: toJson(namesText(3)),
    NODES: toJson(list(base64(fc.constantFrom(0, 127, 128, 128, 128, 129)), LIMITS.treeNodes)),
    GET_KEYS: toJson(fc.record({ nodes: namesText(4), from: place }, { requiredKeys: [] })),
    KEYS: toJson(fc.record({ keys: keysText, next: place }, { requiredKeys: ['keys'] })),
    GET_TRANSACTIONS: toJson(keysText),
    OFFER_KEYS: toJson(keysText),
    GET_LATEST_BLOCK: jsonText,
    LATEST_BLOCK: blockText,
    GET_HEADERS: locatorText,
    HEADERS: list(headerText, LIMITS.headers).map((texts) => `[${texts.join()}]`),
    GET_BLOCKS: locatorText,
    BLOCKS: list(blockText, 16).map((texts) => `[${texts.join()}]`),
  };
  const fit = new Map<string, Arbitrary<string>>(Object.entries(forms)).get(type) ?? jsonText;
  const nothing = fc.constantFrom('null', '{}', '[]', '""', '0');
  return fc.oneof({ weight: 9, arbitrary: fit }, jsonText, nothing);
}

/** The text of a message, most often of one that a node knows, in some layout. */
function messageText(address: Arbitrary<string>): Arbitrary<string> {
  const type = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...TYPES, 'TRANSACTION', 'TRANSACTION') },
    oddText,
  );
  return type.chain((name) =>
    fc
      .tuple(dataText(name, address), jsonText, fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4))
      .map(([data, other, layout]) => {
        const [typed, given] = [`"type":${JSON.stringify(name)}`, `"data":${data}`];
        const layouts = [
          `{${typed},${given}}`,
          ` {\n${given} , ${typed}\t}\r\n`,
          `{"data":${other},${typed},"d\\u0061ta":${data}}`,
          `{${typed},"__proto__":${other},${given}}`,
          `{"type":${other},${given}}`,
        ];
        return layouts[layout] as string;
      }),
  );
}

type Mutation = (bytes: Buffer) => Buffer;

const mutation: Arbitrary<Mutation> = fc
  .tuple(fc.nat(), fc.nat(), fc.nat(255), fc.nat(5))
  .map(([from, length, byte, kind]) => (bytes) => {
    const start = from % (bytes.length + 1);
    const end = Math.min(bytes.length, start + (length % 20));
    const [head, part, tail] = [
      bytes.subarray(0, start),
      bytes.subarray(start, end),
      bytes.subarray(end),
    ];
    const results = [
      [head],
      [head, tail],
      [head, part, part, tail],
      [head, part, Buffer.from([byte]), tail],
      [head, part.map((each) => each ^ (1 << (byte % 8))), tail],
      [bytes.subarray(0, -1), Buffer.from([byte])],
    ];
    return Buffer.concat(results[kind] as Buffer[]);
  });

export function mutated(bytes: Arbitrary<Buffer>): Arbitrary<Buffer> {
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(mutation, { minLength: 1, maxLength: 3 }),
  );
  return fc
    .tuple(bytes, changes)
    .map(([whole, all]) => all.reduce((changed, change) => change(changed), whole));
}

/** What may be in a frame; the addresses in it are of the given kind. */
export function payload(address: Arbitrary<string>): Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 12, arbitrary: mutated(messageText(address).map((text) => Buffer.from(text))) },
    jsonText.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    about(20_000).map((levels) => Buffer.from(nested(levels))),
  );
}

/** No more often than fills a frame. */
function manyTimes(text: string, count: number): string[] {
  return Array(Math.min(count, Math.ceil(LIMITS.frameBytes / (text.length + 1)))).fill(text);
}

function nested(levels: number): string {
  return levels % 2 === 0
    ? `${'['.repeat(levels)}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}7${'}'.repeat(levels)}`;
}
