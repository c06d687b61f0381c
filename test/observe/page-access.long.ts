/** Who may see the page of a node and what is behind it, and what is never seen by anybody. */

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { makeCertificate } from '../support/certificates.js';
import { EventStream } from '../support/event-stream.js';
import { connectRaw, upgradeRequest } from '../support/frames.js';
import { freePort, until } from '../support/helpers.js';
import { type Asked, answerTo, PAGES, visit } from '../support/http.js';
import { type Network, withNetwork } from '../support/network.js';
import type { NodeProcess } from '../support/program.js';

const SECRET = 'open: sesame, it is "me" again';
const BEARER = `Bearer ${SECRET}`;
/** Starts a node with these lines in its .env, and waits until it says that it listens. */
async function startWith(network: Network, ...lines: string[]): Promise<NodeProcess> {
  const port = await freePort();
  await network.addNode('node-1', port, []);
  await network.write('node-1/.env', [`PORT=${port}`, ...lines, ''].join('\n'));
  return network.launch('node-1', port).listening();
}

/** The status of each of these visits to a page, in their order. */
async function statusesOf(node: NodeProcess, visits: Asked[], path = '/'): Promise<number[]> {
  const statuses: number[] = [];
  for (const asked of visits) statuses.push((await visit(node, path, asked)).status);
  return statuses;
}

/** Checks that all visits get the same status; a failure tells which do not. */
async function allGet(node: NodeProcess, status: number, visits: Asked[]): Promise<void> {
  const statuses = await statusesOf(node, visits);
  const others = visits.map((asked, i) => [asked, statuses[i]]).filter(([, got]) => got !== status);
  assert.deepEqual(others, [], `all should get ${status}`);
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('the pages of a node', { concurrency: 3 }, () => {
  test('a request for another machine, or for none, shows nothing', () =>
    withNetwork(async (network) => {
      const node = await startWith(network, 'HOST=127.0.0.1', 'ADDRESS=mesh.example');
      const ours = ['localhost', 'LocalHost.', '127.0.0.1', '[::1]', '10.1.2.3', 'mesh.example'];
      const all = ours.flatMap((host) => [host, `${host}:${node.port}`, `${host}:80`]);
      await allGet(
        node,
        200,
        all.map((host) => ({ headers: { host } })),
      );
      const others = ['evil.example', 'localhost.evil.example', 'mesh.example.evil', 'xlocalhost'];
      others.push('127.0.0.1.nip.io');
      await allGet(
        node,
        403,
        others.map((host) => ({ headers: { host } })),
      );
      for (const hosts of ['', 'Host: localhost\r\nHost: localhost\r\n']) {
        for (const path of ['/', '/status', '/nowhere']) {
          const answer = await answerTo(node, `GET ${path} HTTP/1.1\r\n${hosts}\r\n`);
          assert.match(answer, /^HTTP\/1\.1 400 /, `${path} ${hosts}`);
        }
      }
      assert.match(await answerTo(node, 'GET / HTTP/1.1\r\nHost: \r\n\r\n'), /^HTTP\/1\.1 403 /);
      const line = 'turned away: 127.0.0.1 (asks for evil.example, which is not us)';
      await until('a line', () => node.lines.includes(`[${node.port}] ${line}`));
    }));

  test('no page of another site can read it, nor have it shown as its own', () =>
    withNetwork(async (network) => {
      const node = await network.startNode();
      const own = `http://localhost:${node.port}`;
      const foreign = [
        'http://evil.example',
        'null',
        '',
        `https://localhost:${node.port}`,
        `http://127.0.0.1:${node.port}`,
        'http://localhost',
        `http://localhost:${node.port + 1}`,
        `${own}/`,
        `${own}.evil.example`,
        `${own} ${own}`,
        `ws://localhost:${node.port}`,
      ];
      await allGet(
        node,
        403,
        foreign.map((origin) => ({ headers: { origin } })),
      );
      const host = `127.0.0.1:${node.port}`;
      await allGet(node, 200, [
        { headers: { origin: own } },
        { headers: { origin: `http://${host}`, host } },
        { headers: { origin: 'http://[::1]', host: '[::1]' } },
      ]);
      const evil = { origin: 'http://evil.example', host: 'evil.example' };
      await allGet(node, 403, [{ headers: evil }]);

      const site = (where: string, mode: string, dest = 'document') => ({
        headers: { 'sec-fetch-site': where, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest },
      });
      const modes = ['cors', 'no-cors', 'same-origin', 'websocket', 'nested-navigate', ''];
      for (const where of ['cross-site', 'same-site']) {
        await allGet(node, 200, [site(where, 'navigate')]);
        const visits = [
          ...modes.map((mode) => site(where, mode)),
          site(where, 'navigate', 'iframe'),
        ];
        await allGet(node, 403, [...visits, { headers: { 'sec-fetch-site': where } }]);
      }
      for (const where of ['same-origin', 'none']) {
        await allGet(
          node,
          200,
          ['navigate', 'cors', 'no-cors'].map((mode) => site(where, mode)),
        );
      }
      // A WebSocket is for nodes: no page opens one, not even our own.
      const { port } = node;
      const upgrade = upgradeRequest({ host: `localhost:${port}`, origin: own });
      assert.match(await answerTo(node, upgrade), /^HTTP\/1\.1 403 /);
    }));
});

describe('the pages of a node with a secret', { concurrency: 3 }, () => {
  test('a person at the machine need not show it; anybody else does, by Bearer or Basic', () =>
    withNetwork(async (network) => {
      const node = await startWith(network, `NETWORK_SECRET='${SECRET}'`);
      const from = (headers: Record<string, string>) => ({ headers });
      const local = ['localhost', 'LOCALHOST.', '127.0.0.1', '127.9.9.9', '[::1]'];
      const hosts = local.flatMap((host) => [host, `${host}:${node.port}`]);
      await allGet(
        node,
        200,
        hosts.map((host) => from({ host })),
      );
      for (const path of Object.keys(PAGES)) {
        const away = await visit(node, path, from({ host: '10.1.2.3' }));
        assert.equal(away.status, 401);
        assert.match(String(away.headers['www-authenticate']), /^Basic realm="[^"]+"$/);
        assert.equal(away.body, '');
      }
      const elsewhere = [
        { host: '10.1.2.3' },
        { host: '[fd00::1]' },
        { 'x-forwarded-for': '10.1.2.3' },
        { 'x-forwarded-for': '127.0.0.1' },
        { 'x-forwarded-for': '' },
        { forwarded: 'for=127.0.0.1' },
        { via: '1.1 proxy' },
      ];
      await allGet(node, 401, elsewhere.map(from));
      // He is told nothing of what is there, nor what else is wrong.
      const other = [{ origin: 'http://evil.example' }, { host: 'evil.example' }];
      const visits = other.map((headers) => from({ via: '1.1 proxy', ...headers }));
      await allGet(node, 401, [...visits, { method: 'POST', headers: { host: '10.1.2.3' } }]);
      assert.deepEqual(await statusesOf(node, elsewhere.map(from), '/nowhere'), Array(7).fill(401));

      const wrong = [
        'Bearer',
        `${BEARER}x`,
        `Bearer ${SECRET.toUpperCase()}`,
        'Basic',
        'Basic !',
        basic('', ''),
        basic(SECRET, ''),
        basic(SECRET, 'x'),
        basic('me', `${SECRET}x`),
        basic('me', SECRET.slice(1)),
        `Basic ${Buffer.from(SECRET).toString('base64')}`,
        `Basic me:${SECRET}`,
        `Digest ${SECRET}`,
        SECRET,
      ];
      const right = [BEARER, `bearer ${SECRET}`, basic('', SECRET), basic('me', SECRET)];
      right.push(basic('me', SECRET).replace('Basic', 'BASIC'), basic('ü"', SECRET));
      for (const headers of elsewhere) {
        const show = (authorization: string) => from({ ...headers, authorization });
        await allGet(node, 401, wrong.map(show));
        await allGet(node, 200, right.map(show));
      }
      // Who knows it is refused for the same as anybody else.
      const origin = 'http://evil.example';
      await allGet(node, 403, [from({ origin }), from({ origin, authorization: BEARER })]);
      for (const path of Object.keys(PAGES)) {
        assert.ok(!(await visit(node, path)).body.includes(SECRET), path);
      }
      assert.ok(!node.stdout.includes(SECRET));
    }));

  test('a WebSocket is opened for nobody who does not show it, and for nobody by Basic', () =>
    withNetwork(async (network) => {
      const node = await startWith(network, `NETWORK_SECRET='${SECRET}'`);
      const refused = [upgradeRequest(), upgradeRequest({ authorization: basic('me', SECRET) })];
      for (const request of refused) {
        const answer = await answerTo(node, request);
        assert.match(answer, /^HTTP\/1\.1 401 /);
      }
    }));

  test('behind a proxy, everybody seems to sit at the machine: so all have to show it', () =>
    withNetwork(async (network) => {
      const secret = `NETWORK_SECRET='${SECRET}'`;
      for (const host of ['HOST=localhost', 'HOST=127.0.0.1']) {
        const node = await startWith(network, secret, 'ADDRESS=mesh.example', host);
        const hosts = ['localhost', `127.0.0.1:${node.port}`, '[::1]', 'mesh.example'];
        const all = hosts.map((host) => ({ headers: { host } }));
        await allGet(node, 401, all);
        await allGet(
          node,
          200,
          all.map(({ headers }) => ({
            headers: { ...headers, authorization: basic('a', SECRET) },
          })),
        );
        await node.close();
      }
    }));

  test('where it is reached from other machines, who comes from one of them has to show it', (t) =>
    withNetwork(async (network) => {
      const secret = `NETWORK_SECRET='${SECRET}'`;
      const node = await startWith(network, secret, 'HOST=::', 'ADDRESS=10.1.2.3');
      // To a socket of IPv6, 127.0.0.1 is ::ffff:127.0.0.1.
      await allGet(node, 200, [{}, { ip: '::1', headers: { host: '[::1]' } }]);
      const ips = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
      const outside = ips.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
      if (outside === undefined) {
        t.skip('this machine has no other address than those of loopback');
        return;
      }
      const ip = outside;
      await allGet(node, 401, [{ ip }, { ip, headers: { host: `${ip}:${node.port}` } }]);
      const far = { ip, headers: { authorization: BEARER } };
      await allGet(node, 200, [far]);

      // Who is elsewhere takes no place from who sits here.
      const places = Array.from({ length: LIMITS.eventStreams }, () => EventStream.open(node, far));
      const streams = await Promise.all(places);
      await assert.rejects(EventStream.open(node, far), /503/);
      for (const stream of [await EventStream.open(node), ...streams]) stream.close();
    }));
});

describe('the pages of a node with TLS', () => {
  test('are seen over TLS alone, and by their own page', () =>
    withNetwork(async (network) => {
      await makeCertificate(network.root, 'ours');
      const node = await startWith(network, 'TLS_CERT=../ours.pem', 'TLS_KEY=../ours-key.pem');
      const ca = await network.read('ours.pem');
      const own = `https://localhost:${node.port}`;
      await until('a line', () => node.lines.includes(`[${node.port}] page: ${own}/`));
      for (const path of Object.keys(PAGES)) {
        assert.equal((await visit(node, path, { ca })).status, 200, path);
      }
      const from = (origin: string) => ({ ca, headers: { origin } });
      await allGet(node, 200, [from(own)]);
      await allGet(node, 403, [from(own.replace('https', 'http')), from('https://localhost')]);
      assert.equal(await answerTo(node, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), '');

      const stream = await EventStream.open(node, { ca });
      const idle = await Promise.all(Array.from({ length: 200 }, () => connectRaw(node)));
      for (const socket of idle) socket.resume();
      await until('some to be ended', () => idle.some(({ closed }) => closed));
      const told = stream.messages.length;
      await until('the event stream to go on', () => stream.messages.length > told + 1);
      assert.equal(await node.end('SIGINT'), 0);
      await stream.closed();
      for (const socket of idle) socket.destroy();
    }));
});
