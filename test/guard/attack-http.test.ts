/** Requests that are no upgrade of a node or a client: each gets one answer, and its end. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRaw, listenTo, request, upgradeRequest } from '../support/frames.js';
import { until } from '../support/helpers.js';
import { underAttack, untilPoolHolds } from '../support/load.js';
import type { NodeProcess } from '../support/program.js';

/** How long a request may take that never becomes one, and what a busy machine adds. */
const UNFINISHED_MS = 60_000;
const ANSWER_BYTES = 500;

type Row = [what: string, request: string | Buffer, statuses: number[]];

const upgradeWith = (headers: Record<string, string>) => upgradeRequest(headers);
/** An upgrade with a line put in front of its headers. */
const upgradeAfter = (line: string) => upgradeRequest().replace('\r\n', `\r\n${line}\r\n`);
const withoutHeader = (name: string) =>
  upgradeRequest().replace(new RegExp(`^${name}: .*\r\n`, 'm'), '');

/** They get a page, and once. */
const served: Row[] = [
  ['GET', request('GET / HTTP/1.1'), [200]],
  ['HEAD', request('HEAD / HTTP/1.1'), [200]],
  ['a GET with a body', `${request('GET / HTTP/1.1', 'Content-Length: 5')}hello`, [200]],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n', [200]],
  ['an upgrade to h2c', request('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c'), [200]],
  [
    'upgrades to h2c and TLS',
    request('GET / HTTP/1.1', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c, TLS/1.2'),
    [200],
  ],
  ['two requests at once', request('GET / HTTP/1.1').repeat(2), [200]],
  ['12 KB of cookies', request('GET / HTTP/1.1', `Cookie: a=${'x'.repeat(12_000)}`), [200]],
  ['a request that wants to stay', request('GET / HTTP/1.1', 'Connection: keep-alive'), [200]],
];

const plain: Row[] = [
  ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND'].map(
    (verb): Row => [verb, request(`${verb} / HTTP/1.1`, 'Content-Length: 0'), [405]],
  ),
  ['a body', `${request('POST / HTTP/1.1', 'Content-Length: 5')}hello`, [405]],
  ['a chunked body', `${request('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}0\r\n\r\n`, [405]],
  ['a path to a file', request('GET /../../.env HTTP/1.1'), [404]],
  ['a path with escapes', request('GET /%2e%2e%2f.env%00 HTTP/1.1'), [404]],
  ['an asterisk', request('OPTIONS * HTTP/1.1'), [400]],
  ['an absolute target', request('GET http://example.org/ HTTP/1.1'), [400, 403]],
  ['a request with Expect', request('POST / HTTP/1.1', 'Expect: 100-continue'), [405, 417]],
  ['another Expect', request('POST / HTTP/1.1', 'Expect: miracles'), [405, 417]],
];

const malformed: Row[] = [
  ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', [400, 403]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['a verb that nobody knows', request('STEAL / HTTP/1.1'), [400]],
  ['HTTP/0.9', 'GET /\r\n\r\n', [400]],
  ['HTTP/3.0', request('GET / HTTP/3.0'), [400]],
  ['no HTTP', 'hello\r\n\r\n', [400]],
  ['a TLS ClientHello', Buffer.from('16030100c8010000c40303', 'hex'), [400]],
  ['zero bytes', Buffer.alloc(100), [400]],
  ['a frame without an upgrade', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]), [400]],
  ['a header of 100 KB', request('GET / HTTP/1.1', `X: ${'x'.repeat(100_000)}`), [431]],
  ['a target of 100 KB', request(`GET /${'x'.repeat(100_000)} HTTP/1.1`), [431]],
  ['2,000 headers', request('GET / HTTP/1.1', ...Array(2000).fill('X-Header: 1')), [431]],
  [
    'an upgrade with 2,000 headers',
    upgradeAfter(Array(2000).fill('X-Header: 1').join('\r\n')),
    [431],
  ],
  ['an upgrade with a large header', upgradeWith({ x: 'x'.repeat(17_000) }), [431]],
  [
    'a length and chunks',
    `${request('POST / HTTP/1.1', 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    [400],
  ],
  ['two lengths', `${request('POST / HTTP/1.1', 'Content-Length: 0', 'Content-Length: 5')}`, [400]],
  ['a length that is none', request('POST / HTTP/1.1', 'Content-Length: five'), [400]],
  ['a length below nothing', request('POST / HTTP/1.1', 'Content-Length: -5'), [400]],
  ['a length with a sign', request('POST / HTTP/1.1', 'Content-Length: +5'), [400]],
  ['a length without end', request('POST / HTTP/1.1', `Content-Length: ${'9'.repeat(30)}`), [400]],
  ['line feeds alone', 'GET / HTTP/1.1\nHost: localhost\n\n', [400]],
  ['an upgrade with line feeds alone', upgradeRequest().replaceAll('\r\n', '\n'), [400]],
  ['carriage returns alone', 'GET / HTTP/1.1\rHost: localhost\r\r', [400]],
  ['a folded header', request('GET / HTTP/1.1', 'X: 1', ' folded'), [400]],
  ['a space before a colon', request('GET / HTTP/1.1', 'X : 1'), [400]],
  ['a header without a colon', request('GET / HTTP/1.1', 'X'), [400]],
  ['a zero byte in a header', request('GET / HTTP/1.1', 'X: \0'), [400]],
  ['other encodings', request('POST / HTTP/1.1', 'Transfer-Encoding: chunked, gzip'), [400]],
];

/** Chunks of bodies that cannot be read: by then the answer to the head may have been given. */
const badChunks: Row[] = ['zz', '-1', '0x5', 'f'.repeat(17), ' 5', '5\n'].map((size) => [
  `a chunk of size ${JSON.stringify(size)}`,
  `${request('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}${size}\r\nhello\r\n0\r\n\r\n`,
  [400, 405],
]);

const smuggled: Row[] = [
  ['an upgrade with a length', upgradeWith({ 'content-length': '5' }), [400]],
  ['an upgrade with chunks', upgradeWith({ 'transfer-encoding': 'chunked' }), [400]],
  ['no Host', withoutHeader('host'), [400]],
  ['two Hosts', upgradeAfter('Host: localhost'), [400]],
  ['another Host behind', upgradeAfter('Host: example.org'), [400]],
  ['a target elsewhere', upgradeRequest().replace('GET /', 'GET http://example.org/'), [400, 403]],
  ['no key', withoutHeader('sec-websocket-key'), [400]],
  ['a short key', upgradeWith({ 'sec-websocket-key': 'AAAA' }), [400]],
  ['two keys', upgradeAfter(`Sec-WebSocket-Key: ${'A'.repeat(22)}==`), [400]],
  ['no version', withoutHeader('sec-websocket-version'), [400, 426]],
  ['version 7', upgradeWith({ 'sec-websocket-version': '7' }), [400, 426]],
  ['version 14', upgradeWith({ 'sec-websocket-version': '14' }), [400, 426]],
  ['a POST', upgradeRequest().replace('GET', 'POST'), [400, 405]],
  ['bad subprotocols', upgradeWith({ 'sec-websocket-protocol': ',,' }), [400]],
];

const foreign: Row[] = [
  ...[
    'http://example.org',
    'https://example.org',
    'null',
    'file://',
    'http://localhost.evil.org',
  ].map((origin): Row => [`the Origin ${origin}`, upgradeWith({ origin }), [403]]),
  ['an Origin beside ours', upgradeAfter('Origin: http://example.org'), [403]],
  ...[
    'example.org',
    'localhost.example.org',
    'example.org:80',
    '127.0.0.1.nip.io',
    'localhost@evil',
  ].map((host): Row => [`the Host ${host}`, upgradeWith({ host }), [400, 403]]),
];

/** Sends a request, awaits the end of the connection, and looks at the answer. */
async function isAnswered(victim: NodeProcess, [what, bytes, statuses]: Row): Promise<void> {
  const socket = await connectRaw(victim);
  const answer = listenTo(socket);
  socket.write(bytes);
  await until(
    () => `the connection to be ended: ${what}; it said ${answer.text}`,
    () => answer.isEnded,
  );
  socket.destroy();
  assert.equal(answer.text.match(/^HTTP\//gm)?.length, 1, `one answer: ${what}`);
  saysLittle(answer.text, what);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer.text)?.[1]);
  assert.ok(statuses.includes(status), `${what}: ${status} instead of ${statuses}`);
}

/** An answer tells nothing of the machine, and promises nothing. A page is as long as it is. */
function saysLittle(answer: string, what: string): void {
  const isPage = answer.startsWith('HTTP/1.1 200 ');
  const text = isPage ? answer.replace(/(?<=\r\n\r\n).*/s, '') : answer;
  const says = `${what}: ${text.slice(0, 1000)}`;
  assert.match(text, /^connection: close\r$/im, says);
  assert.doesNotMatch(text.replaceAll('HTTP/1.1', ''), /\d+\.\d+/, `a version: ${says}`);
  assert.doesNotMatch(text, /\b(node|nodejs|server:|x-powered|llhttp|ws\/)/i, `a name: ${says}`);
  assert.doesNotMatch(text, /\/(tmp|home|work|usr|root)\b|\.[jt]s\b|\n\s+at /, `a path: ${says}`);
  assert.doesNotMatch(text, /example\.org|evil|nip\.io/, `an echo: ${says}`);
  assert.ok(text.length < ANSWER_BYTES, `${text.length} bytes: ${says}`);
}

/** Sends something a byte at a time, for ever; gives what was answered when the node ends it. */
async function drip(
  victim: NodeProcess,
  what: string,
  next: (at: number) => string,
): Promise<string> {
  const socket = await connectRaw(victim);
  const answer = listenTo(socket);
  const giveUpMs = performance.now() + UNFINISHED_MS;
  for (let at = 0; !answer.isEnded && performance.now() < giveUpMs; at++) {
    socket.write(next(at));
    await sleep(200);
  }
  socket.destroy();
  assert.ok(answer.isEnded, `still open after ${UNFINISHED_MS / 1000} s: ${what}`);
  return answer.text;
}

describe('attacks with HTTP', { concurrency: 3 }, () => {
  test('whatever is no upgrade gets a page or a short answer, and the connection is ended', () =>
    underAttack(async ({ victim }) => {
      const failures: string[] = [];
      for (const rows of [served, plain, malformed, badChunks, smuggled, foreign]) {
        const tries = rows.map((row) => isAnswered(victim, row));
        for (const each of tries) await each.catch(({ message }) => failures.push(message));
      }
      assert.equal(failures.join('\n'), '');
      await untilPoolHolds(victim, []);
    }));

  test('an upgrade that comes as its own is served, wherever this machine is called', () =>
    underAttack(async ({ victim }) => {
      const { port } = victim;
      const hosts = ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]', '10.1.2.3', '[fd00::1]'];
      const all = hosts.flatMap((host) => [host, `${host}:${port}`]);
      for (const headers of [
        ...all.map((host) => ({ host })),
        // As some libraries send it that give every request a length.
        { 'content-length': '0' },
        { upgrade: 'WebSocket' },
      ]) {
        const socket = await connectRaw(victim);
        const answer = listenTo(socket);
        socket.write(upgradeWith({ ...headers, 'sec-websocket-extensions': 'permessage-deflate' }));
        const what = JSON.stringify(headers);
        await until(`an answer to ${what}`, () => answer.text.includes('\r\n\r\n'));
        assert.match(answer.text, /^HTTP\/1\.1 101 /, what);
        assert.doesNotMatch(answer.text, /deflate/, 'a frame is as large as what it holds');
        socket.destroy();
      }
    }));

  test('a request that never ends is ended after some seconds, however far it comes', () =>
    underAttack(async ({ victim }) => {
      const silent = await connectRaw(victim);
      const silence = listenTo(silent);
      const line = 'GET / HTTP/1.1\r\nHost: localhost\r\n';
      const post = request('POST / HTTP/1.1', 'Content-Length: 100000');
      const page = request('GET / HTTP/1.1', 'Content-Length: 100000');
      const chunked = request('POST / HTTP/1.1', 'Transfer-Encoding: chunked');
      const drips: [what: string, next: (at: number) => string, status: RegExp][] = [
        ['half a header', (at) => (at === 0 ? `${line}X: ` : 'x'), /^HTTP\/1\.1 408 /],
        ['header after header', (at) => (at === 0 ? line : `X${at}: 1\r\n`), /^HTTP\/1\.1 408 /],
        ['empty lines', () => '\r\n', /^(HTTP\/1\.1 40[08] |$)/],
        ['a long verb', (at) => 'POST / HTTP/1.1'[at % 2] as string, /^(HTTP\/1\.1 40[08] |$)/],
        ['a long body', (at) => (at === 0 ? post : 'x'), /^HTTP\/1\.1 (405|408|400) /],
        ['a body behind a page', (at) => (at === 0 ? page : 'x'), /^HTTP\/1\.1 200 /],
        ['chunks', (at) => (at === 0 ? chunked : '1\r\nx\r\n'), /^HTTP\/1\.1 (405|408|400) /],
      ];
      const answers = await Promise.all(drips.map(([what, next]) => drip(victim, what, next)));
      for (const [number, [what, , status]] of drips.entries()) {
        assert.match(answers[number] as string, status, what);
        if (answers[number] !== '') saysLittle(answers[number] as string, what);
      }
      assert.ok(silence.isEnded, 'who says nothing is ended as well');
      silent.destroy();
    }));
});
