import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { LIMITS } from '../../lib/limits.js';
import { makeCertificate } from '../support/certificates.js';
import { upgradeRequest } from '../support/frames.js';
import { connectTo, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { answerTo, visit } from '../support/http.js';
import type { RunningNode } from '../support/program.js';
import { checkSharing, configure, startNode, startPair, untilSays } from '../support/secured.js';
import { MuteServers } from '../support/trap-servers.js';

const SECRET = 'correct horse battery staple';
const BEARER = { authorization: `Bearer ${SECRET}` };
const TLS = 'TLS_CERT=../ours.pem\nTLS_KEY=../ours-key.pem\nTLS_CA=../ours.pem\n';

/** Everything that has been printed, by whom the secret was given. */
function assertSecretUntold(...programs: Pick<RunningNode, 'stdout' | 'stderr'>[]): void {
  for (const { stdout, stderr } of programs) assert.ok(!`${stdout}${stderr}`.includes(SECRET));
}

describe('a network with a secret', { concurrency: 4 }, () => {
  test('a caller from elsewhere without it gets 401, and nothing else, whatever it asks', () =>
    withHostedNodes(async (network) => {
      await configure(network, `NETWORK_SECRET=${SECRET}`);
      const node = await startNode(network, 'node-1');
      const wrong = [
        'Bearer',
        'Bearer ',
        `Bearer ${SECRET}x`,
        `Bearer ${SECRET.slice(0, -1)}`,
        `Bearer ${SECRET.toUpperCase()}`,
        `Bearer  ${SECRET} ${SECRET}`,
        `Basic ${Buffer.from(`:${SECRET}`).toString('base64')}`,
        SECRET,
      ].map((authorization) => upgradeRequest({ authorization }));
      const others = [
        upgradeRequest(),
        upgradeRequest({ origin: 'http://example.org' }),
        upgradeRequest({ host: 'example.org' }),
        upgradeRequest({ 'sec-websocket-version': '7' }),
        upgradeRequest({ 'x-secret': SECRET, cookie: SECRET }),
        upgradeRequest().replace('GET / ', `GET /?access_token=${encodeURIComponent(SECRET)} `),
        upgradeRequest().replace('GET / ', 'GET /node-1/.env '),
        upgradeRequest().replace(/^host: .*\r\n/m, ''),
        upgradeRequest({ 'x-long': 'x'.repeat(20_000) }),
        'GET / HTTP/1.1\r\nhost: 10.1.2.3\r\n\r\n',
        'POST / HTTP/1.1\r\nhost: 10.1.2.3\r\ncontent-length: 2\r\n\r\nhi',
        'CONNECT localhost:1 HTTP/1.1\r\nhost: 10.1.2.3\r\n\r\n',
        'OPTIONS * HTTP/1.1\r\nhost: 10.1.2.3\r\n\r\n',
        'GET / HTTP/1.1\r\nhost: 10.1.2.3\r\nexpect: 100-continue\r\n\r\n',
        'nonsense\r\n\r\n',
        '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n',
      ];
      for (const request of [...wrong, ...others]) {
        const answer = await answerTo(node, request);
        const [head = '', body] = answer.split('\r\n\r\n');
        const [status, ...headers] = head.split('\r\n');
        assert.equal(status, 'HTTP/1.1 401 Unauthorized', request.slice(0, 300));
        // A browser asks its user for it, but not for a page that opens WebSockets.
        const isAsked = (line: string) => /^www-authenticate: Basic realm="[\w ]+"$/.test(line);
        const isUpgrade = /^upgrade: /m.test(request) && request.length < LIMITS.headerBytes;
        if (isUpgrade) assert.ok(!headers.some(isAsked), request.slice(0, 300));
        const others = headers.filter((line) => !isAsked(line));
        assert.deepEqual(others.sort(), ['connection: close', 'content-length: 0']);
        assert.equal(body, '');
      }
      assert.equal(node.stderr, '');
      assertSecretUntold(node);
    }));

  test('a caller with it is let in, and refused for the same reasons as anybody else', () =>
    withHostedNodes(async (network) => {
      await configure(network, `NETWORK_SECRET=${SECRET}`);
      const node = await startNode(network, 'node-1');
      for (const authorization of [`Bearer ${SECRET}`, `bearer ${SECRET}`]) {
        (await connectTo(node.address, { authorization })).terminate();
      }
      const foreign = upgradeRequest({ ...BEARER, origin: 'http://example.org' });
      assert.match(await answerTo(node, foreign), /^HTTP\/1\.1 403 /);
      const elsewhere = { host: '10.1.2.3' };
      assert.equal((await visit(node, '/', { headers: elsewhere })).status, 401);
      assert.equal((await visit(node, '/', { headers: { ...elsewhere, ...BEARER } })).status, 200);
      assertSecretUntold(node);
    }));

  test('nodes that share it connect, and add-transaction reads it from the same .env', () =>
    withHostedNodes(async (network) => {
      await configure(network, `NETWORK_SECRET=${SECRET}`);
      const nodes = await startPair(network, 'ws');
      await checkSharing(network, nodes);
      assertSecretUntold(...nodes);
      for (const node of nodes) assert.doesNotMatch(node.stdout, /warning/);
    }));

  for (const [which, line] of [
    ['without it', ''],
    ['with another one', 'NETWORK_SECRET=quite another secret\n'],
  ] as const) {
    test(`a node ${which} stays outside, and says so in one line`, () =>
      withHostedNodes(async (network) => {
        await configure(network, `NETWORK_SECRET=${SECRET}`);
        const member = await startNode(network, 'node-1');
        const outsider = await startNode(network, 'node-2', [member.address], line);
        const why = `unreachable: ${member.address} (it wants another NETWORK_SECRET), again in`;
        await untilSays(outsider, why);
        await untilSays(member, 'turned away: ');
        const lines = outsider.lines.filter((each) => /NETWORK_SECRET|unreachable/.test(each));
        const attempts = outsider.lines.filter((each) => each.includes('] dialling: '));
        assert.ok(lines.length <= attempts.length, `one line an attempt, not: ${lines}`);
        assert.doesNotMatch(`${member.stdout}${outsider.stdout}`, /\bconnected: |handshake from/);
        assert.equal(member.stderr + outsider.stderr, '');
        assertSecretUntold(member, outsider);
      }));

    test(`add-transaction ${which} ends with one line`, () =>
      withHostedNodes(async (network) => {
        await configure(network, `NETWORK_SECRET=${SECRET}`);
        const node = await startNode(network, 'node-1');
        await network.write('node-1/.env', `PORT=${node.port}\n${line}`);
        const result = await network.run(['add-transaction.js']);
        const says = `${node.address} lets in only who knows its NETWORK_SECRET: set the same one in .env\n`;
        assert.deepEqual(result, { code: 1, stdout: '', stderr: says });
      }));
  }

  test('a warning where it is sent in clear beyond this machine, or can be guessed', () =>
    withHostedNodes(async (network) => {
      const clear = 'can read NETWORK_SECRET: set TLS_CERT and TLS_KEY there, and write wss://';
      let count = 0;
      const warningsWith = async (lines: string) => {
        count += 1;
        const node = await startNode(network, `node-${count}`, [], lines);
        await untilSays(node, 'listening: ');
        // Whatever is printed at the start has been, when it has answered.
        await answerTo(node, 'GET / HTTP/1.1\r\n\r\n');
        await untilSays(node, 'turned away: ');
        assertSecretUntold(node);
        return node.lines.filter((line) => line.includes('warning: '));
      };
      const everywhere = 'HOST=0.0.0.0\nADDRESS=10.1.2.3\n';
      const beyond = await warningsWith(`${everywhere}NETWORK_SECRET=${SECRET}\n`);
      assert.equal(beyond.length, 1);
      assert.match(
        beyond[0] as string,
        /warning: whoever is between us and ws:\/\/10\.1\.2\.3:\d+ /,
      );
      assert.ok(beyond[0]?.endsWith(clear));
      const short = await warningsWith('NETWORK_SECRET=hunter2\n');
      assert.equal(short.length, 1);
      assert.match(short[0] as string, /warning: NETWORK_SECRET is short enough to be guessed: /);
      assert.ok(!short[0]?.includes('hunter2'));
      assert.deepEqual(await warningsWith(`NETWORK_SECRET=${SECRET}\n`), []);
      const open = await warningsWith(everywhere);
      assert.equal(open.length, 1);
      assert.match(open[0] as string, /anybody who reaches ws:\/\/10\.1\.2\.3:\d+ can add/);
    }));
});

describe('a network with certificates', { concurrency: 4 }, () => {
  test('nodes speak TLS to each other, tell of each other so, and add-transaction as well', () =>
    withHostedNodes(async (network) => {
      await makeCertificate(network.root, 'ours');
      await configure(network, TLS, `NETWORK_SECRET=${SECRET}`);
      const nodes = await startPair(network, 'wss');
      await checkSharing(network, nodes);
      for (const node of nodes) assert.doesNotMatch(node.stdout, /warning|ws:\/\//);
      assertSecretUntold(...nodes);
    }));

  test('a client that speaks no TLS, or does not trust the certificate, gets nowhere', () =>
    withHostedNodes(async (network) => {
      await makeCertificate(network.root, 'ours');
      await configure(network, TLS);
      const node = await startNode(network, 'node-1');
      await assert.rejects(connectTo(node.address), /socket hang up|ECONNRESET/);
      assert.equal(await answerTo(node, upgradeRequest()), '');
      const address = `wss://localhost:${node.port}`;
      await assert.rejects(connectTo(address), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      const socket = new WebSocket(address, { ca: await network.read('ours.pem') });
      await new Promise((done, fail) => socket.once('open', done).once('error', fail));
      socket.terminate();
      assert.equal(node.stderr, '');
      const plain = await startNode(network, 'node-2', [], '');
      for (const [wrong, says] of [
        [`ws://localhost:${node.port}`, /it hangs up: it may have no room, or it is wss:\/\/$/m],
        [`wss://localhost:${plain.port}`, /it speaks no TLS: it is ws:\/\/$/m],
      ] as const) {
        const { code, stderr } = await network.run(['add-transaction.js', '--address', wrong]);
        assert.equal(code, 1);
        assert.match(stderr, says);
      }
    }));

  test('a node that does not trust a certificate does not connect to who has it', () =>
    withHostedNodes(async (network) => {
      await makeCertificate(network.root, 'ours');
      await makeCertificate(network.root, 'other');
      await configure(network, TLS);
      const first = await startNode(network, 'node-1');
      const address = `wss://localhost:${first.port}`;
      const lines = TLS.replace('TLS_CA=../ours', 'TLS_CA=../other');
      const second = await startNode(network, 'node-2', [address], lines);
      await until('a line about it', () =>
        /unreachable: .*certificate is from nobody that TLS_CA names.*, again in /.test(
          second.stdout,
        ),
      );
      assert.doesNotMatch(second.stdout, /\bconnected: /);
      assert.equal(first.stderr + second.stderr, '');
    }));

  test("a secret that travels in TLS is not sent in clear on a peer's word", () =>
    withHostedNodes(async (network) => {
      await makeCertificate(network.root, 'ours');
      await configure(network, TLS, `NETWORK_SECRET=${SECRET}`);
      const node = await startNode(network, 'node-1');
      const [inClear, overTls] = [
        network.keep(await MuteServers.open(1)),
        network.keep(await MuteServers.open(1)),
      ];
      const socket = new WebSocket(`wss://localhost:${node.port}`, {
        ca: await network.read('ours.pem'),
        headers: BEARER,
      });
      await new Promise((done, fail) => socket.once('open', done).once('error', fail));
      const data = [inClear.addresses[0], overTls.addresses[0]?.replace('ws:', 'wss:')];
      socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
      await until('the other address to be dialled', () => overTls.accepted > 0);
      assert.equal(inClear.accepted, 0);
      socket.terminate();
    }));
});
