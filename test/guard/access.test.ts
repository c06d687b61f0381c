import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostnameOf, secretHeaders, whyNotShown, whyRefused } from '../../lib/guard/access.js';

const SECRET = 'open sesame, it is me';

interface Asked {
  readonly url?: string;
  readonly hosts?: string[];
  readonly origin?: string;
  readonly authorization?: string;
}

/** What becomes of a request at the door of a node that others know by the name `mesh.example`. */
function statusOf(asked: Asked, secret?: string): number | undefined {
  const { url = '/', hosts = ['localhost:4001'], ...headers } = asked;
  const rawHeaders = hosts.flatMap((host) => ['Host', host]);
  const request = { method: 'GET', url, headers: { host: hosts[0], ...headers }, rawHeaders };
  return whyRefused(request, {
    hostname: 'mesh.example',
    secret,
    scheme: 'http',
    isBehindProxy: false,
  })?.status;
}

test('a request for this machine, an IP address or our own name is let in', () => {
  const names = ['localhost', 'LOCALHOST.', '127.0.0.1', '10.1.2.3', '[::1]', '[fd00::1]'];
  for (const name of [...names, 'mesh.example', 'Mesh.Example.']) {
    for (const host of [name, `${name}:4001`, `${name}:80`]) {
      assert.equal(statusOf({ hosts: [host] }), undefined, host);
    }
  }
});

test('a request for another name is not: the name may have been made to lead here', () => {
  const names = ['evil.example', 'localhost.evil.example', 'mesh.example.evil', '127.0.0.1.nip.io'];
  for (const name of [...names, 'xlocalhost', '::1:4001:x', '[::1', '1.2.3', '']) {
    assert.equal(statusOf({ hosts: [name] }), 403, name);
  }
});

test('a web page may not come in, wherever it is from', () => {
  for (const origin of ['https://evil.example', 'http://localhost:4001', 'null', '']) {
    assert.equal(statusOf({ origin }), 403, origin);
  }
});

test('a request that does not say clearly whom it is for is none', () => {
  assert.equal(statusOf({ hosts: [] }), 400);
  assert.equal(statusOf({ hosts: ['localhost', 'localhost'] }), 400);
  for (const url of ['http://localhost/', '*', 'localhost:4001', '']) {
    assert.equal(statusOf({ url }), 400, url);
  }
});

test('where there is a secret, who does not know it learns nothing else', () => {
  const authorizations = [undefined, '', SECRET, `Basic ${SECRET}`, 'Bearer', `Bearer ${SECRET}x`];
  for (const authorization of authorizations) {
    const headers = authorization === undefined ? {} : { authorization };
    assert.equal(statusOf(headers, SECRET), 401, authorization);
    assert.equal(statusOf({ ...headers, origin: 'https://evil.example' }, SECRET), 401);
    assert.equal(statusOf({ ...headers, hosts: [] }, SECRET), 401);
  }
  const known = secretHeaders(SECRET);
  assert.equal(statusOf(known, SECRET), undefined);
  assert.equal(statusOf({ authorization: `bearer ${SECRET}` }, SECRET), undefined);
  assert.equal(statusOf({ ...known, origin: 'https://evil.example' }, SECRET), 403);
  assert.deepEqual(secretHeaders(undefined), {});
});

test('the name of a host is the same in each spelling', () => {
  for (const host of ['mesh.example', 'MESH.example:4001', 'mesh.example.', 'mesh.example:']) {
    assert.equal(hostnameOf(host), 'mesh.example');
  }
  assert.equal(hostnameOf('[FD00::1]:4001'), 'fd00::1');
  assert.equal(hostnameOf(), '');
});

test('content is for this machine, or for who knows the secret; the page is for all who can ask', () => {
  const statusOf = (url: string, from: string, secret?: string, authorization?: string) => {
    const headers = { host: 'localhost:4001', ...(authorization && { authorization }) };
    const request = { method: 'GET', url, headers, rawHeaders: ['Host', 'localhost:4001'] };
    const rules = {
      hostname: 'mesh.example',
      secret,
      scheme: 'http',
      isBehindProxy: false,
    } as const;
    return whyNotShown(request, from, rules)?.status;
  };
  const content = [
    '/messages',
    '/transactions?follow',
    '/transactions/a',
    '/blocks/1',
    '/blocks?',
    '/peers',
  ];
  for (const url of content) {
    assert.equal(statusOf(url, '10.1.2.3'), 403, url);
    assert.equal(statusOf(url, '127.0.0.1'), undefined, url);
    assert.equal(statusOf(url, '10.1.2.3', SECRET), 401, url);
    assert.equal(
      statusOf(url, '10.1.2.3', SECRET, secretHeaders(SECRET).authorization),
      undefined,
      url,
    );
  }
  for (const url of ['/', '/status', '/events', '/metrics', '/transactions.js', '/peersx']) {
    assert.equal(statusOf(url, '10.1.2.3'), undefined, url);
  }
});
