import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOf, listenTo, OPCODES, openRaw } from '../support/frames.js';
import { connectTo, say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { peersOf, untilPoolsHold } from '../support/mesh.js';
import { PlainPeer } from '../support/plain-peer.js';
import { statusOf } from '../support/status.js';

test('three of our nodes and two strangers share every transaction, in plain protocol only', () =>
  withHostedNodes(async (network) => {
    const nodes = await network.startMesh(3);
    const addresses = nodes.map(({ address }) => address);
    const strangers: PlainPeer[] = [];
    for (const known of [addresses[0], addresses[1]] as string[]) {
      strangers.push(network.keep(await PlainPeer.join([known])));
    }
    for (const node of nodes) {
      await until(`${node.name} to reach both strangers`, async () => {
        const connected = await peersOf(node);
        return strangers.every(({ address }) => connected.includes(address));
      });
    }
    for (const stranger of strangers) {
      await until('a stranger to reach all others', () =>
        [...addresses, ...strangers.map(({ address }) => address)].every(
          (address) =>
            address === stranger.address || stranger.connectedAddresses.includes(address),
        ),
      );
    }

    const hashes: string[] = [];
    for (let i = 0; i < 20; i++) {
      for (const [from, stranger] of strangers.entries()) {
        stranger.add(`stranger-${from}-${i}`);
        hashes.push(`stranger-${from}-${i}`);
      }
      for (const node of nodes) {
        await say(node.address, transactionMessage(`${node.name}-${i}`));
        hashes.push(`${node.name}-${i}`);
      }
    }

    await untilPoolsHold(nodes, hashes);
    for (const stranger of strangers) {
      await until('a stranger to have all', () => stranger.transactions.length >= hashes.length);
      assert.deepEqual(stranger.transactions.map(({ hash }) => hash).sort(), [...hashes].sort());
      assert.deepEqual(stranger.crashes, []);
    }
    for (const stranger of strangers) onlyPlainProtocolWasHeard(stranger);
  }));

test('what a stranger sends comes back to it once at most', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const stranger = network.keep(await PlainPeer.join([node.address]));
    await until(
      'a connection each way',
      () => stranger.heard.length > 0 && stranger.connectedAddresses.length > 0,
    );
    stranger.add('mine');
    await until('the node to have it', async () => (await node.pool()).length === 1);
    await say(node.address, transactionMessage('other'));
    await until('the other one', () => stranger.transactions.length === 2);
    const heard = stranger.heard.map(({ text }) => JSON.parse(text));
    const hashes = heard.map(({ type, data }) => (type === 'TRANSACTION' ? data.hash : type));
    assert.ok(hashes.filter((hash) => hash === 'mine').length <= 1, hashes.join());
    assert.deepEqual(
      hashes.filter((hash) => hash !== 'mine'),
      ['HANDSHAKE', 'other'],
    );
  }));

for (const [where, order] of [
  ['first', ['a', 'node', 'b']],
  ['in the middle', ['b', 'a', 'node']],
  ['last', ['b', 'node', 'a']],
] as const) {
  test(`what a stranger sends that names itself ${where} reaches all others`, () =>
    withHostedNodes(async (network) => {
      const node = await network.startNode();
      const [a, b] = [await network.trap(), await network.trap()];
      await say(node.address, { type: 'HANDSHAKE', data: [b.address] });
      const addresses = { a: a.address, b: b.address, node: node.address };
      const socket = await connectTo(node.address);
      const data = order.map((each) => addresses[each]);
      socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
      await until('connections to both', () =>
        [a, b].every((each) => each.openCallers.length === 1),
      );
      socket.send(JSON.stringify(transactionMessage('from a')));
      await until('it at the other one', () => b.received('TRANSACTION').length === 1);
      assert.doesNotMatch(node.stdout, new RegExp(`handshake from: ${node.address}`));
      const { transactions } = await statusOf(node);
      assert.equal(transactions.latest[0]?.from, null, 'who sent it is not known');
      socket.terminate();
    }));
}

test('a transaction reaches disk and peers byte for byte as a stranger spelt it', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    const data = '{"hash":"\\u0061", "amount":1.0,"big":12345678901234567890,"2":0,"1":[ 1e2 ]}';
    await say(node.address, `{ "data" : ${data} , "type":"TRANSACTION","other":"}" }`);
    await until('the relayed one', () => peer.received('TRANSACTION').length > 0);
    assert.equal(peer.callers[0]?.frames[1], `{"type":"TRANSACTION","data":${data}}`);
    await until('the saved one', async () => (await node.pool()).length === 1);
    assert.equal(await node.poolText(), `[\n${data}\n]\n`);

    // The same identity, spelt otherwise: hash "a" is the id "a".
    await say(node.address, '{"type":"TRANSACTION","data":{"id":"a"}}');
    await say(node.address, '{"type":"TRANSACTION","data":{"id":"b"}}');
    await until('the last one', () => peer.received('TRANSACTION').length > 1);
    assert.deepEqual(peer.received('TRANSACTION')[1], { id: 'b' });
  }));

test('a transaction that came in several lines is one line in the pool', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    const data = '{\n"id": "a",\r\n"note": [\n1,2]}';
    await say(node.address, `{"type":"TRANSACTION","data":${data}}`);
    await until('it on disk', async () => (await node.pool()).length === 1);
    assert.equal(await node.poolText(), '[\n{ "id": "a", "note": [ 1,2]}\n]\n');
    await until('the relayed one', () => peer.received('TRANSACTION').length > 0);
    assert.equal(peer.callers[0]?.frames[1], `{"type":"TRANSACTION","data":${data}}`);
  }));

test('transactions without id and hash are one if their content is, in whatever order', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    await say(
      node.address,
      '{"type":"TRANSACTION","data":{"amount":1.0,"to":"x"}}',
      '{"type":"TRANSACTION","data":{"to":"x","amount":1}}',
      '{"type":"TRANSACTION","data":{"to":"x","amount":2}}',
    );
    await until('two in the pool', async () => (await node.pool()).length >= 2);
    assert.deepEqual(await node.pool(), [
      { amount: 1, to: 'x' },
      { to: 'x', amount: 2 },
    ]);
  }));

test('what is not understood harms nobody: ignored, or refused three times and closed', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const sender = await connectTo(node.address);
    let code = 0;
    sender.on('close', (closeCode) => {
      code = closeCode;
    });
    for (const frame of ['{"type":"GET_WEATHER","data":{}}', '{"type":"LATER"}', '[1']) {
      sender.send(frame);
    }
    sender.send('{"type":"TRANSACTION","data":"not an object"}');
    sender.send('{"type":"TRANSACTION","data":{"id":"fine"}}');
    await until('the transaction among the rubbish', async () => (await node.pool()).length === 1);
    assert.equal(code, 0, 'two malformed frames are forgiven');
    sender.send('{"type":"HANDSHAKE","data":{}}');
    sender.send('{"type":"TRANSACTION","data":{"id":"too late"}}');
    await until('the third one to close the connection', () => code === 1008);

    const binary = await connectTo(node.address);
    binary.on('close', (closeCode) => {
      code = closeCode;
    });
    binary.send(Buffer.from('{"type":"TRANSACTION","data":{"id":"binary"}}'), { binary: true });
    binary.send(JSON.stringify(transactionMessage('behind it')));
    await until('a binary frame to close the connection', () => code === 1003);
    await say(node.address, transactionMessage('after'));
    const ids = async () => (await node.pool()).map(({ id }) => id);
    await until('the node to go on', async () => (await ids()).includes('after'));
    assert.deepEqual(await ids(), ['fine', 'after']);
    assert.equal(node.lines.filter((line) => line.includes('refused: a client sent')).length, 3);
  }));

test('a peer that answers with what it should not is no longer a peer, and dialled later', () =>
  withHostedNodes(async (network) => {
    const { node, peer } = await network.startNodeWithPeer();
    peer.openCallers[0]?.socket.send(Buffer.from('binary'));
    await until('a line about it', () =>
      node.stdout.includes(`disconnected: ${peer.address} (text frames only), again in`),
    );
    await until('a new dial', () => peer.openCallers.length > 0);
  }));

function onlyPlainProtocolWasHeard(stranger: PlainPeer): void {
  const perConnection = new Map<number, string[]>();
  for (const { connection, text, isBinary } of stranger.heard) {
    assert.equal(isBinary, false, 'no binary frame');
    const message = JSON.parse(text);
    assert.deepEqual(Object.keys(message), ['type', 'data']);
    assert.match(message.type, /^(HANDSHAKE|TRANSACTION)$/);
    const what = message.type === 'HANDSHAKE' ? 'HANDSHAKE' : message.data.hash;
    perConnection.set(connection, [...(perConnection.get(connection) ?? []), what]);
  }
  for (const heard of perConnection.values()) {
    assert.equal(heard[0], 'HANDSHAKE', 'a connection starts with a HANDSHAKE');
    assert.equal(new Set(heard).size, heard.length, 'nothing comes twice over one connection');
  }
}

test('what comes in fragments, with pings between them, from one who then closes its half, is taken', () =>
  withHostedNodes(async (network) => {
    const node = await network.startNode();
    const stranger = await openRaw(node);
    const answer = listenTo(stranger);
    const text = JSON.stringify(transactionMessage('in three parts'));
    const [first, second, third] = [text.slice(0, 10), text.slice(10, 20), text.slice(20)];
    stranger.write(frameOf(first, { isFinal: false }));
    stranger.write(frameOf('one', { opcode: OPCODES.ping }));
    stranger.write(frameOf(second, { opcode: OPCODES.continuation, isFinal: false }));
    stranger.write(frameOf('two', { opcode: OPCODES.ping }));
    stranger.end(frameOf(third, { opcode: OPCODES.continuation }));
    await untilPoolsHold([node], ['in three parts']);
    await until('the other half to be closed', () => answer.isEnded);
    assert.match(answer.text, /one.*two/s);
  }));
