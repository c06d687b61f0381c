/** What a node answers to who may see its page: each page, with what protects it, and nothing else. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventStream } from '../support/event-stream.js';
import { connectRaw, upgradeRequest } from '../support/frames.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { answerTo, PAGES, visit } from '../support/http.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = {
  connection: 'close',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
const NOWHERE = [
  '/.env',
  '/index.js',
  '/index.ts',
  '/transactions.json',
  '/known-peers.json',
  '/blocks.json',
  '/../.env',
  '/page/../.env',
  '/./.env',
  '/..%2f.env',
  '/%2e%2e/.env',
  '/%2e%65nv',
  '/.env%00.css',
  '/..\\.env',
  '//',
  '//page.css',
  '//localhost/status',
  '/page',
  '/page/',
  '/page/page.js',
  '/page.js/',
  '/page.js;x',
  '/page.js%20',
  '/PAGE.JS',
  '/Status',
  '/status/',
  '/status.json',
  '/events/1',
  '/index.html',
  '/package.json',
  '/node_modules/cytoscape/package.json',
  '/cytoscape.mjs/../package.json',
  '/constructor',
  '/__proto__',
  '/toString',
  '/favicon.ico',
  '/file:///etc/passwd',
  '/#',
];

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
/** What may come behind a request, on the same connection. */
const NEXT = [
  get('/healthz'),
  get('/nowhere'),
  get('/events'),
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n',
  upgradeRequest(),
  'rubbish\r\n\r\n',
];

describe('the pages of a node', { concurrency: 3 }, () => {
  test('each page is there, is what it says it is, and may fetch nothing from elsewhere', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const line = `[${node.port}] page: http://localhost:${node.port}/`;
      await until('where it is', () => node.lines.includes(line));
      for (const [path, type] of Object.entries(PAGES)) {
        for (const query of ['', '?', '?a=/../.env#', '?%00']) {
          const { status, headers, body } = await visit(node, path + query);
          assert.equal(status, 200, path + query);
          assert.equal(String(headers['content-type']).split(';')[0], type, path);
          assert.ok(body.length > 0, path);
          for (const [name, value] of Object.entries(HEADERS)) {
            assert.equal(headers[name], value, `${name} of ${path}`);
          }
          assert.equal(headers['access-control-allow-origin'], undefined);
          assert.equal(headers['set-cookie'], undefined);
        }
      }
      assert.doesNotMatch(node.stdout, /turned away/, 'who is shown a page is not logged');
    }));

  test('the page has no script and no style within it, and asks for nothing but its own parts', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const { body } = await visit(node, '/');
      assert.match(body, /^<!doctype html>/i);
      assert.doesNotMatch(body, /<style|\sstyle=|\son[a-z]+\s*=|javascript:|<iframe|<base/i);
      for (const [, attributes = '', text] of body.matchAll(/<script([^>]*)>([^<]*)<\/script>/gi)) {
        assert.match(attributes, /\ssrc="[\w.-]+"/);
        assert.equal(text, '');
      }
      const parts = [...body.matchAll(/<(?:script|link|img)\b[^>]*?\s(?:src|href)="([^"]*)"/gi)];
      assert.ok(parts.length >= 3, body);
      for (const [, part = ''] of parts)
        assert.ok(`/${part}` in PAGES, `${part} is none of its own`);
    }));

  test('nothing else is there, whatever it is called', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      for (const path of NOWHERE) {
        const answer = await answerTo(node, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/, path);
        assert.doesNotMatch(answer, /PORT|import|root:|dependencies/, path);
        assert.ok(answer.length < 1000, path);
      }
    }));

  test('HEAD has the head of what GET gets, and no body; of the event stream too', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      for (const path of [...Object.keys(PAGES), '/events', '/nowhere']) {
        const head = await answerTo(node, `HEAD ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        const status = path === '/nowhere' ? 404 : 200;
        assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), path);
        assert.ok(head.endsWith('\r\n\r\n') && head.split('\r\n\r\n').length === 2, head);
        assert.match(head, /^connection: close\r$/im);
        if (path === '/events') assert.match(head, /^content-type: text\/event-stream\r$/im);
        if (['/status', '/metrics', '/events'].includes(path)) continue;
        const { headers } = await visit(node, path);
        const length = new RegExp(`^content-length: ${headers['content-length']}\r$`, 'im');
        assert.match(head, length, path);
      }
      // None of them has taken a place.
      const streams = await Promise.all(Array.from({ length: 16 }, () => EventStream.open(node)));
      for (const stream of streams) stream.close();
    }));

  test('nobody can do anything but look', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND']) {
        for (const path of ['/', '/status', '/events', '/healthz']) {
          const { status, headers, body } = await visit(node, path, {
            method,
            headers: { 'x-echo': 'echo' },
          });
          assert.equal(status, 405, `${method} ${path}`);
          assert.equal(headers.allow, 'GET, HEAD');
          assert.doesNotMatch(body, /echo/);
        }
      }
    }));

  test('there is one answer a connection, the one to its first request', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      for (const path of Object.keys(PAGES)) {
        for (const next of NEXT) {
          const answer = await answerTo(node, get(path) + next);
          const what = `${path}, and then ${next}: ${answer.slice(0, 200)}`;
          assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, what);
          const [head = '', ...body] = answer.split('\r\n\r\n');
          const length = Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1]);
          assert.equal(body.join('\r\n\r\n').length, length, what);
        }
      }
    }));

  test('a caller that adds requests behind an unanswered one is disconnected, so that they do not wait in memory', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const socket = await connectRaw(node);
      socket.on('error', () => {});
      socket.resume();
      socket.write(get('/events') + get('/').repeat(20));
      await until('its end', () => socket.closed);
      (await EventStream.open(node)).close();
    }));

  test('nothing is ever written into an event stream but its messages, whatever is asked behind it', () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const check = async (next: string) => {
        const socket = await connectRaw(node);
        let text = '';
        socket.on('data', (data) => {
          text += data.toString('latin1');
        });
        socket.write(get('/events'));
        await until('a message', () => text.includes('data: '));
        const first = text.length;
        socket.write(next);
        await until('more, or the end', () => text.length > first || socket.closed);
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, `and then ${next}: ${text}`);
        socket.destroy();
      };
      await Promise.all(NEXT.map(check));
      // None of them has kept its place.
      await until('sixteen event streams', async () => {
        const opened = await Promise.all(
          Array.from({ length: 16 }, () => EventStream.open(node).catch(() => undefined)),
        );
        for (const stream of opened) stream?.close();
        return !opened.includes(undefined);
      });
    }));
});
