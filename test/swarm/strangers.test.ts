import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import HyperDHT, { type SecretStream } from 'hyperdht';
import type { Testnet } from 'hyperdht/testnet.js';
import { Membership } from '../../lib/swarm/membership.js';
import { connectTo, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { untilPoolsHold } from '../support/mesh.js';
import type { RunningNode } from '../support/program.js';
import { untilSays } from '../support/secured.js';
import { inSwarm, openDht, placeOf, startInSwarm, swarmOf } from '../support/swarm.js';

const SECRET = 'correct horse battery staple';

let dht: Testnet;
let bootstrap: string;
/** A node of the DHT that speaks what it likes. */
let stranger: HyperDHT;
before(async () => {
  dht = await openDht();
  bootstrap = placeOf(dht);
  stranger = dht.createNode();
});
after(() => dht.destroy());

/** Dials a node by its key. */
async function dial(node: RunningNode): Promise<SecretStream> {
  // Its key is announced before it has looked for others.
  await until(`the look of ${node.name}`, () => /\] swarm: \d+ others? found/.test(node.stdout));
  const key = new URL(inSwarm(node)).hostname.slice(0, 52);
  const stream = stranger.connect(key);
  stream.on('error', () => {});
  assert.ok(await stream.opened, `${node.name} is not reached`);
  return stream;
}

/** Sends a request by the swarm, and returns the answer up to the end of the connection. */
async function answerTo(node: RunningNode, lines: readonly string[]): Promise<string> {
  const stream = await dial(node);
  let answer = '';
  stream.on('data', (data: Buffer) => {
    answer += data;
  });
  const closed = new Promise((done) => stream.once('close', done));
  stream.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
  await closed;
  return answer;
}

/** The answer to the key of a request, by RFC 6455, 1.3. */
function acceptFor(request: string): string {
  const [, key] = /sec-websocket-key: (\S+)/i.exec(request) ?? [];
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function upgradeTo(host: string, ...others: string[]): string[] {
  return [
    'GET / HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...others,
  ];
}

test('by the swarm there is nothing to see, and no page gets in', () =>
  withHostedNodes(async (network) => {
    const node = await startInSwarm(network, 'node-1', { bootstrap });
    const host = new URL(inSwarm(node)).hostname;
    for (const path of ['/', '/status', '/transactions', '/metrics']) {
      const answer = await answerTo(node, [`GET ${path} HTTP/1.1`, `Host: ${host}`]);
      assert.match(answer, /^HTTP\/1\.1 403 [^\r]*\r\nconnection: close\r\ncontent-length: 0\r\n/);
    }
    const refused = {
      'a page': upgradeTo(host, 'Origin: http://example.org'),
      'its own page': upgradeTo(host, `Origin: http://${host}`),
      'another host': upgradeTo('example.org'),
    };
    for (const [what, request] of Object.entries(refused)) {
      assert.match(await answerTo(node, request), /^HTTP\/1\.1 403 /, what);
    }
    assert.match(await answerTo(node, ['nonsense']), /^HTTP\/1\.1 400 /);
  }));

test('without the secret, a stranger finds nobody by the name, and gets nothing by a key', () =>
  withHostedNodes(async (network) => {
    const secret = [`NETWORK_SECRET=${SECRET}`];
    const first = await startInSwarm(network, 'node-1', { bootstrap, lines: secret });
    const second = await startInSwarm(network, 'node-2', { bootstrap, lines: secret });
    const key = inSwarm(first);
    await untilSays(second, `connected: ${key},`);
    await untilSays(first, `connected: ${inSwarm(second)},`);
    const strangers: RunningNode[] = [];
    for (const [name, lines] of Object.entries({
      'node-3': ['NETWORK_SECRET=another one, also long enough'],
      'node-4': [],
    })) {
      const setup = { bootstrap, lines, knownPeers: [key] };
      strangers.push(await startInSwarm(network, name, setup));
    }
    for (const each of strangers) {
      const line = `unreachable: ${key} (it wants another NETWORK_SECRET)`;
      await until(`${each.name} to be refused`, () => each.stdout.includes(line));
      await until('its look', () => each.stdout.includes('swarm: 0 others found'));
    }
    const client = await connectTo(first.address, { authorization: `Bearer ${SECRET}` });
    client.send(JSON.stringify(transactionMessage('for members')));
    await untilPoolsHold([first, second], ['for members']);
    client.terminate();
    for (const each of strangers) assert.deepEqual(await each.pool(), []);
    assert.match(first.stdout, /turned away: .* \(without our NETWORK_SECRET\)/);
  }));

test('a stranger who announces itself to members is told no secret, and nothing to replay', () =>
  withHostedNodes(async (network) => {
    // The nodes of the DHT that keep the records of a topic see it, and can put a key under it.
    const { topic } = new Membership(swarmOf(network), SECRET);
    const keyPair = HyperDHT.keyPair(Buffer.alloc(32, 7));
    const server = stranger.createServer({ firewall: () => false });
    const requests: string[] = [];
    server.on('connection', (stream: SecretStream) => {
      stream.on('error', () => {});
      stream.on('data', (data: Buffer) => {
        requests.push(String(data));
        stream.write(
          Buffer.from(
            'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
              `Sec-WebSocket-Accept: ${acceptFor(String(data))}\r\nmesh-proof: ${'0'.repeat(64)}\r\n\r\n`,
          ),
        );
      });
    });
    await server.listen(keyPair);
    await stranger.announce(topic, keyPair, server.relayAddresses).finished();

    const lines = [`NETWORK_SECRET=${SECRET}`];
    const node = await startInSwarm(network, 'node-1', { bootstrap, lines });
    await until(
      () => `the liar to be found out; said: ${node.stdout}`,
      () => node.stdout.includes('(it does not know our NETWORK_SECRET)'),
    );
    assert.ok(!requests.join().includes(SECRET));
    const [, proof] = /authorization: Bearer (\w{64})\r\n/i.exec(requests.join()) ?? [];
    assert.ok(proof !== undefined, requests.join());
    const host = new URL(inSwarm(node)).hostname;
    for (const shown of [proof, SECRET, '']) {
      const answer = await answerTo(node, upgradeTo(host, `Authorization: Bearer ${shown}`));
      assert.match(answer, /^HTTP\/1\.1 401 [^\r]*\r\nconnection: close\r\ncontent-length: 0\r\n/);
    }
    await stranger.unannounce(topic, keyPair);
  }));

test('a node waits neither for a silent stranger nor for the end of an endless message', () =>
  withHostedNodes(async (network) => {
    const node = await startInSwarm(network, 'node-1', { bootstrap });
    const silent = await dial(node);
    const endless = await dial(node);
    // The header of a message of 16 MiB, before it is encrypted, and its beginning.
    const raw = endless.rawStream as unknown as { write(data: Buffer): void };
    raw.write(Buffer.concat([Buffer.from([0xff, 0xff, 0xff]), Buffer.alloc(1000)]));
    await until('the endless one to be closed', () => endless.destroyed);
    assert.ok(!silent.destroyed);
    await until('the silent one to be closed', () => silent.destroyed);
    await say(node.address, transactionMessage('still there'));
    await untilPoolsHold([node], ['still there']);
  }));
