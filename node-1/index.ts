/**
 * One node of a peer-to-peer network. It is a server that any peer may dial, and a client of every
 * peer that it dials: two nodes hold two connections, and each speaks on the one that it opened.
 * Peers find each other by HANDSHAKE until all are connected to all. A TRANSACTION is written to
 * the node's own pool and relayed to all the others. What a node stands on is in the rooms of lib/;
 * docs/protocol.md describes the wire.
 */

import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { Chain, ChainSync } from '../lib/chain/index.js';
import { Counters } from '../lib/counters.js';
import * as guard from '../lib/guard/index.js';
import { leaveOnSignal } from '../lib/leave.js';
import { LIMITS } from '../lib/limits.js';
import { count, createLog } from '../lib/log.js';
import { HttpInterface } from '../lib/observe/index.js';
import * as network from '../lib/peers/index.js';
import {
  Intake,
  Pool,
  PoolAnswers,
  Reconciler,
  Relay,
  SettledKeys,
  writeTransactions,
} from '../lib/pool/index.js';
import { keepsSecret, loadSettings, warningsOf } from '../lib/settings.js';
import { lockFolder } from '../lib/storage/index.js';
import * as wire from '../lib/wire/index.js';

type Connection = network.Connection;
type Peer = network.Peer;

// The settings of this folder, and the addresses of the peers to dial first.

const folder = import.meta.dirname;
const settings = loadSettings(folder);
const { log, recentLines } = createLog(settings.port, settings.logFormat);
const knownPeers = network.readKnownPeers(folder);
await lockFolder(folder);

/** The addresses that we are connected to, and those that we are dialling. */
let connectedAddresses: string[] = [];
let attemptingToConnectToAddress: string[] = [];

let isLeaving = false;
let dialTimer: NodeJS.Timeout | undefined;
let handshakeTimer: NodeJS.Timeout | undefined;

// What the node stands on.

const counters = new Counters(log);
const chain = await Chain.open(folder, log);
const pool = await Pool.open(folder, settings.maxPoolBytes, (key) => chain.has(key), log);
const secret = {
  keepsSecret: keepsSecret(settings),
  secretHeaders: guard.secretHeaders(settings.secret),
};
const peers = await network.Peers.open({ ...settings, ...secret }, knownPeers, counters, log);
const { addressBook, connections, routes } = peers;
const inboundPeers = network.totalSlots(settings.maxPeers);
const limits = new guard.ConnectionLimits(connections, routes, inboundPeers);
const rateLimits = new guard.RateLimits(routes);
const backpressure = new guard.Backpressure(peers.connected, catchUp, log);
const answers = new guard.Answers(rateLimits, limits, log);
const exchange = new network.PeerExchange(addressBook, routes, (from) => rateLimits.of(from), log);
const intake = new Intake(pool, counters, log);
const relay = new Relay(pool, routes, backpressure, counters);
const settledKeys = new SettledKeys(pool, routes);
const poolAnswers = new PoolAnswers(pool, settledKeys, answers);
const reconciler = new Reconciler(
  pool,
  settledKeys,
  routes,
  { isKnown, accept, greet },
  counters,
  log,
);
const chainSync = new ChainSync(chain, pool, routes, { answers, relay, reconciler }, log);
const http = new HttpInterface({ peers, pool, chain, counters, recentLines, log });

/** What to do with each type of message. */
const handlers: {
  [T in wire.MessageType]: (data: wire.Data<T>, from: Connection) => void;
} = {
  HANDSHAKE: learnAddresses,
  TRANSACTION: takeTransaction,
  RELAY: takeTransactions,
  ...poolAnswers.handlers,
  ...reconciler.handlers,
  ...chainSync.handlers,
};

// Listen on PORT.

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  ...network.SOCKET_OPTIONS,
});
server.on('headers', (headers) => headers.push(...network.headerLines(peers.identityHeaders)));
const listeners = await guard.listen(settings, log, {
  onUpgrade: (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => serverOnConnection(client, request)),
  onRequest: (request, response) => http.answer(request, response),
});
log(
  'listening',
  `${settings.address}, ${count(pool.size.transactions, 'transaction')} in the pool`,
);
log('page', network.pageAddressOf(settings.address));
for (const warning of warningsOf(settings, knownPeers)) log('warning', warning);

// Dial the known peers, and those that were learnt in earlier runs; leave on Ctrl-C.

connectToAll();
leaveOnSignal({
  stop,
  listeners,
  connections,
  poolSaved: () => pool.saved(),
  restSaved: () => Promise.all([chainSync.settled(), peers.saved()]),
});

/**
 * Connects to every address that is due to be dialled, as far as there are free slots.
 *
 * @param refused the address of a caller for whom there was no slot: it is dialled back
 */
function connectToAll(refused?: network.Address): void {
  clearTimeout(dialTimer);
  if (isLeaving) return;
  const nowMs = performance.now();
  const plan = addressBook.plan(nowMs, {
    dialling: attemptingToConnectToAddress.length,
    connected: connectedAddresses.length,
    callers: () => [...limits.callers(), ...(refused ? [refused] : [])],
  });
  for (const entry of plan.now) connect(entry);
  if (plan.nextMs !== Infinity) dialTimer = setTimeout(() => connectToAll(), plan.nextMs - nowMs);
}

/** Dials an address: never our own, which has no entry, and never one twice at a time. */
function connect(entry: network.Entry): void {
  const address = addressBook.dialling(entry);
  attemptingToConnectToAddress = [...attemptingToConnectToAddress, address.text];
  log('dialling', address.text);
  const socket = new WebSocket(address.text, peers.dialOptions(entry));
  const peer = network.newPeer(entry, address, socket, () => drop(peer, 'no answer in time'));
  listenTo(peer);
  socket.on('open', () => peerOnOpen(peer));
  socket.on('error', (error) => drop(peer, network.explainError(error, address.text)));
  socket.on('close', (code) => drop(peer, peer.endReason ?? network.explainClose(code)));
}

/** A peer has answered: it gets our HANDSHAKE, and our pools and chains are compared. */
function peerOnOpen(peer: Peer): void {
  clearTimeout(peer.deadline);
  const redundant = peers.redundant(peer);
  if (redundant !== undefined) drop(redundant.peer, redundant.reason);
  if (redundant?.peer === peer) return;

  const { text } = peer.address;
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, text);
  connectedAddresses = [...connectedAddresses, text];
  peer.toldSince = pool.tree.places;
  peers.opened(peer);
  log('connected', `${text}, ${count(connectedAddresses.length, 'peer')} now`);
  sendHandshake(peer);
  sendHandshakesSoon();
  if (peer.identity !== undefined) chainSync.ask(peer);
  // One of the two compares the pools, and finds what either of them lacks.
  if (peer.identity !== undefined && peers.meshId < peer.identity.meshId) {
    reconciler.compareWith(peer);
  }
  connectToAll();
}

/** The one way out for a connection that we opened, or tried to open, whatever ended it. */
function drop(peer: Peer, reason: string): void {
  if (peer.isDropped) return;
  peer.isDropped = true;
  clearTimeout(peer.deadline);
  peer.socket.terminate();
  if (connectedAddresses.includes(peer.address.text)) sendHandshakesSoon();
  connectedAddresses = without(connectedAddresses, peer.address.text);
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, peer.address.text);
  if (!isLeaving) peers.closed(peer, reason);
  connectToAll();
}

/** Somebody has dialled us. A caller without a slot is dialled back, and let in the next time. */
function serverOnConnection(socket: WebSocket, request: IncomingMessage): void {
  const connection = network.newConnection(socket, request);
  const name = () => network.nameOf(connection);
  listenTo(connection);
  socket.on('error', (error) => log('bad connection', `${name()}: ${error.message}`));
  socket.on(
    'close',
    () => connection.endReason && log('closed', `${name()} (${connection.endReason})`),
  );
  const { address } = connection;
  if (!admit(connection) && address !== undefined) {
    exchange.hear([address], connection);
    connectToAll(address);
  }
  if (isLeaving) socket.close(1001, 'leaving');
}

/** False if the newcomer is the one that has to go where there is no slot for all. */
function admit(newcomer: Connection): boolean {
  const leaving = limits.admit(newcomer);
  if (leaving !== undefined) exchange.refer(leaving, settings.address);
  return leaving !== newcomer;
}

function listenTo(connection: Connection): void {
  const { socket } = connection;
  connections.add(connection);
  limits.watch(connection);
  socket.on('message', (data, isBinary) => socketOnMessage(connection, data, isBinary));
  socket.on('close', () => {
    connections.delete(connection);
    reconciler.forget(connection);
    chainSync.forget(connection);
  });
}

/** Parses what has come, and hands it to the handler of its type. */
function socketOnMessage(from: Connection, data: RawData, isBinary: boolean): void {
  if (from.isExpelled || isLeaving) return;
  if (isBinary) {
    network.expel(from, 1003, 'text frames only');
    return;
  }
  from.isAlive = true;
  from.unfinishedBytes = 0;
  const message = wire.parseMessage(data as Buffer, from.identity !== undefined);
  if ('type' in message) handle(message, from);
  else if ('malformed' in message) intake.refuse(message, from);
}

function handle<T extends wire.MessageType>({ type, data }: wire.Message<T>, from: Connection) {
  from.hasSpoken = true;
  from.heardMs = performance.now();
  handlers[type](data, from);
}

/** HANDSHAKE: connect to every address in it that we are not connected to. */
function learnAddresses(addresses: string[], from: Connection): void {
  const isIntroduced = exchange.read(addresses, from);
  if (isIntroduced) admit(from);
  connectToAll();
}

/** TRANSACTION: take it, and tell a client that asks what became of it. */
function takeTransaction(transaction: wire.Transaction, from: Connection): void {
  intake.answer(transaction, accept(transaction, from), from);
}

/** RELAY: many transactions in a frame, each as if it had come alone. */
function takeTransactions(transactions: readonly wire.Transaction[], from: Connection): void {
  for (const each of transactions) accept(each, from);
}

/** A new transaction is written to the pool and relayed to the others; a known one is neither. */
function accept(transaction: wire.Transaction, from: Connection): wire.Outcome {
  const outcome = outcomeOf(transaction);
  if (outcome.status === 'accepted') {
    writeTransactions(pool, [transaction]);
    relay.add(transaction, from);
  }
  intake.report(transaction, outcome, from);
  return outcome;
}

function outcomeOf(transaction: wire.Transaction): wire.Outcome {
  if (isKnown(transaction.key)) return { status: 'known' };
  const reason = pool.whyNoRoom(transaction);
  return reason === undefined ? { status: 'accepted' } : { status: 'rejected', reason };
}

/** Whether we have a transaction: in the pool, or in a block that is on disk. */
function isKnown(key: string): boolean {
  return pool.has(key) || chain.has(key, chain.savedHeight);
}

/** A peer that was left behind has read what it was sent: it finds the rest by comparing. */
function catchUp(peer: Peer): void {
  peer.toldSince = pool.tree.places;
  peer.distrustedUntilMs = -Infinity;
  greet(peer);
  chainSync.tell(peer);
  reconciler.compareWith(peer);
}

/** Tells a peer whom we are connected to, and asks it for its latest block. */
function greet(peer: Peer): void {
  sendHandshake(peer);
  chainSync.ask(peer);
}

/** HANDSHAKE: our own address, then all that we are connected to. */
function sendHandshake(peer: Peer): void {
  network.send(peer, wire.handshakeFrame([settings.address, ...connectedAddresses]));
}

/** Tells the peers that identified themselves when the list of our peers has changed. */
function sendHandshakesSoon(): void {
  handshakeTimer ??= setTimeout(() => {
    handshakeTimer = undefined;
    for (const peer of routes.identifiedPeers()) sendHandshake(peer);
  }, LIMITS.announceDelayMs);
}

/** We leave: from now on nothing is dialled, and nothing taken. */
function stop(): void {
  isLeaving = true;
  log('leaving', `${count(pool.size.transactions, 'transaction')} in the pool`);
  clearTimeout(dialTimer);
  clearTimeout(handshakeTimer);
  http.end();
}

function without(addresses: string[], address: string): string[] {
  return addresses.filter((other) => other !== address);
}
