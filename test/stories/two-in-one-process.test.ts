/**
 * Two nodes without index.js in one process, over a pair of in-memory streams: nothing that they
 * stand on has state of its own, so their pools and chains come to agree and do not mix.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { newBlock } from '../../lib/chain/block.js';
import { Chain, ChainSync } from '../../lib/chain/index.js';
import { Counters } from '../../lib/counters.js';
import { Guard } from '../../lib/guard/index.js';
import {
  type Connection,
  newConnection,
  newPeer,
  noteFrame,
  Peers,
} from '../../lib/peers/index.js';
import { Pool, Reconciler, Relay, writeTransactions } from '../../lib/pool/index.js';
import { dispatch, type Handlers, parseMessage } from '../../lib/wire/index.js';
import { parseTransaction } from '../../lib/wire/transaction.js';
import { until } from '../support/helpers.js';
import { temporaryFolder } from '../support/temporary.js';

const log = () => {};
const ignore = () => {};

/** What a node is made of, but for its sockets. */
async function openNode(folder: string, port: number) {
  const counters = new Counters(log);
  const chain = await Chain.open(folder, log);
  const pool = await Pool.open(folder, 2 ** 20, (key) => chain.has(key), log);
  const settings = {
    folder,
    address: `ws://localhost:${port}`,
    maxPeers: 8,
    keepsSecret: false,
    secretHeaders: {},
    ca: undefined,
    swarm: undefined,
    secret: undefined,
  };
  const peers = await Peers.open(settings, [], ignore, counters, log);
  const { answers, backpressure, connectionLimits } = new Guard(peers, 8, ignore, log);
  const relay = new Relay(pool, peers.routes, backpressure, counters);
  const isKnown = (key: string) => pool.has(key) || chain.has(key);
  const accept: ConstructorParameters<typeof Reconciler>[2]['accept'] = (transaction, from) => {
    writeTransactions(pool, [transaction]);
    relay.add(transaction, from);
    return { status: 'accepted' };
  };
  const node = { isKnown, accept, greet: ignore, answers };
  const reconciler = new Reconciler(pool, peers.routes, node, counters, log);
  const around = { answers, relay, reconciler, counters };
  const chainSync = new ChainSync(chain, pool, peers.routes, around, log);
  const handlers: Handlers<Connection> = {
    HANDSHAKE: ignore,
    TRANSACTION: accept,
    RELAY: (transactions, from) => transactions.forEach((each) => void accept(each, from)),
    ...reconciler.handlers,
    ...chainSync.handlers,
  };
  const listenTo = (connection: Connection) => {
    peers.connections.add(connection);
    connectionLimits.watch(connection);
    connection.socket.on('message', (data: RawData) => {
      const message = parseMessage(data as Buffer, connection.identity !== undefined);
      noteFrame(connection, message, (data as Buffer).length);
      if ('type' in message) dispatch(handlers, message, connection);
    });
  };
  return { folder, chain, pool, peers, reconciler, chainSync, listenTo };
}

type Node = Awaited<ReturnType<typeof openNode>>;

/** Two streams, each of which reads what is written to the other. */
function streamPair(): [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const pair: [Duplex, Duplex] = [end(() => pair[1]), end(() => pair[0])];
  return pair;
}

/** Has one node dial the other, over streams in memory. */
function dial(from: Node, to: Node): Promise<ReturnType<typeof newPeer>> {
  const [ours, theirs] = streamPair();
  const http = createServer();
  const server = new WebSocketServer({ noServer: true });
  server.on('headers', (lines, request) => lines.push(...to.peers.headerLinesFor(request)));
  http.on('upgrade', (request, stream, head) =>
    server.handleUpgrade(request, stream, head, (socket) =>
      to.listenTo(newConnection(socket, request)),
    ),
  );
  http.emit('connection', theirs);
  const book = from.peers.addressBook;
  book.addKnown(to.peers.own, 0);
  const [entry] = book.all();
  assert.ok(entry !== undefined);
  const options = { ...from.peers.dialOptions(entry), createConnection: () => ours };
  const socket = new WebSocket(to.peers.own.text, options as object);
  const peer = newPeer(entry, to.peers.own, socket, ignore);
  from.listenTo(peer);
  return new Promise((resolve) =>
    socket.once('open', () => {
      clearTimeout(peer.deadline);
      from.peers.opened(peer, from.pool.arrivals);
      resolve(peer);
    }),
  );
}

function give(node: Node, ...ids: string[]): Promise<void> {
  const transactions = ids.map((id) => {
    const json = JSON.stringify({ id });
    const read = parseTransaction(json, json.length);
    assert.ok(read !== undefined && 'key' in read);
    return read;
  });
  return writeTransactions(node.pool, transactions);
}

test('two pools and chains in one process agree over streams in memory', async () => {
  const folders = [temporaryFolder(), temporaryFolder()];
  const [a, b] = (await Promise.all(folders.map((folder, i) => openNode(folder, 4101 + i)))) as [
    Node,
    Node,
  ];
  try {
    await give(a, 'red', 'green');
    await give(b, 'blue');
    assert.equal(a.pool.size.transactions, 2);
    assert.equal(b.pool.size.transactions, 1, 'a pool knows nothing of another');
    const tryNonces = newBlock(b.chain.tip, [], Date.now());
    for (let nonce = 0; b.chain.height === 0; nonce += 4096) {
      const block = tryNonces(nonce, 4096);
      if (block !== undefined) b.chain.append(block);
    }
    await b.chain.saved();

    const [toB, toA] = [await dial(a, b), await dial(b, a)];
    a.chainSync.ask(toB);
    await until('one chain', () => a.chain.tip.hash === b.chain.tip.hash);
    await until('one pool', () => {
      // What came within the last second or two is not compared yet.
      a.reconciler.compareWith(toB);
      b.reconciler.compareWith(toA);
      return a.pool.size.transactions === 3 && b.pool.size.transactions === 3;
    });
    await Promise.all([a, b].flatMap(({ pool, chainSync }) => [pool.saved(), chainSync.saved()]));
    for (const { folder } of [a, b]) {
      const pool: { id: string }[] = JSON.parse(
        await readFile(join(folder, 'transactions.json'), 'utf8'),
      );
      assert.deepEqual(pool.map(({ id }) => id).sort(), ['blue', 'green', 'red']);
      assert.equal(JSON.parse(await readFile(join(folder, 'blocks.json'), 'utf8')).length, 2);
    }
    toA.socket.terminate();
    toB.socket.terminate();
  } finally {
    await Promise.all([a.peers.saved(), b.peers.saved()]);
  }
});
