/**
 * One node of a peer-to-peer network. It is a server that any peer may dial, and a client of every
 * peer that it dials: two nodes hold two connections, and each speaks on the one that it opened.
 * Peers find each other by HANDSHAKE until all are connected to all. A TRANSACTION is written to
 * the node's own pool and relayed to the others. What it stands on is in the rooms of lib/.
 */

import type { IncomingMessage } from 'node:http';
import { Chain, ChainSync } from '../lib/chain/index.js';
import { Counters } from '../lib/counters.js';
import { Guard, listen } from '../lib/guard/index.js';
import { leaveOnSignal } from '../lib/leave.js';
import { count, createLog } from '../lib/log.js';
import { HttpInterface } from '../lib/observe/index.js';
import * as net from '../lib/peers/index.js';
import { Intake, Pool, Reconciler, Relay, writeTransactions } from '../lib/pool/index.js';
import { loadSettings, readCommandLine, warningsOf } from '../lib/settings.js';
import { lockFolder } from '../lib/storage/index.js';
import * as wire from '../lib/wire/index.js';

// By require: import would take a fifth of the start (docs/architecture.md).
import WebSocket = require('ws');

// The settings, from .env or the environment, and the peers to dial first.
readCommandLine();
const settings = loadSettings(import.meta.dirname, process.env);
const { folder } = settings;
const log = createLog(settings.knownPort, settings.log);
const knownPeers = net.readKnownPeers(folder, import.meta.dirname);
await lockFolder(folder, log);

// The addresses that we are connected to, and those that we are dialling.
let connectedAddresses: string[] = [];
let attemptingToConnectToAddress: string[] = [];
let isLeaving = false;
let dialTimer: NodeJS.Timeout | undefined;

// What the node stands on.
const counters = new Counters(log);
const chain = await Chain.open(folder, log);
const pool = await Pool.open(folder, settings.maxPoolBytes, (key) => chain.has(key), log);
const peers = await net.Peers.open(settings, knownPeers, sendHandshake, counters, log);
const { addressBook, connections, routes } = peers;
const guard = new Guard(peers, settings.maxPeers, catchUp, log);
const { answers, backpressure, connectionLimits, budgetsOf } = guard;
const exchange = new net.PeerExchange(peers, addressBook, routes, budgetsOf, log);
const intake = new Intake(pool, counters, log);
const relay = new Relay(pool, routes, backpressure, counters);
const reconciler = new Reconciler(pool, routes, { isKnown, accept, greet, answers }, counters, log);
const chainSync = new ChainSync(chain, pool, routes, { answers, relay, reconciler, counters }, log);
const http = new HttpInterface({ peers, pool, chain, counters, reconciler }, log);

// What to do with each type of message.
const handlers: wire.Handlers<net.Connection> = {
  HANDSHAKE: learnAddresses,
  TRANSACTION: (transaction, from) => intake.answer(transaction, accept(transaction, from), from),
  RELAY: (transactions, from) => {
    for (const each of transactions) accept(each, from);
  },
  ...reconciler.handlers,
  ...chainSync.handlers,
};

// A WebSocket server listens on the PORT, until Ctrl-C.
const server = new WebSocket.WebSocketServer(net.SERVER_OPTIONS);
server.on('headers', (lines, request) => lines.push(...peers.headerLinesFor(request)));
const listening = listen(settings, peers.swarm, log, {
  onUpgrade: (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => serverOnConnection(client, request)),
  onRequest: (request, response) => http.answer(request, response),
});
leaveOnSignal({ stop, listening, connections, pool, others: [chainSync, peers] });
await listening;
const pooled = count(pool.size.transactions, 'transaction');
log('listening', `${settings.address}, ${pooled} in the pool${settings.origin}`);
log('page', net.pageAddressOf(settings.address));
for (const warning of warningsOf(settings, knownPeers)) log('warning', warning);

// It dials the known peers; some learnt addresses wait until it has found itself.
connectToAll();
peers.look(() => connectToAll());

/**
 * Connects to every address in the address book that is due, as far as there are free slots.
 *
 * @param refused the address of a caller that found no slot, and is dialled back
 */
function connectToAll(refused?: net.Address): void {
  clearTimeout(dialTimer);
  if (isLeaving) return;
  const nowMs = performance.now();
  const plan = addressBook.plan(nowMs, {
    dialling: attemptingToConnectToAddress.length,
    connected: connectedAddresses.length,
    callers: () => [...connectionLimits.callers(), ...(refused ? [refused] : [])],
  });
  for (const entry of plan.now) connect(entry);
  if (plan.nextMs !== Infinity) dialTimer = setTimeout(() => connectToAll(), plan.nextMs - nowMs);
}

/** Dials an address: never our own, which has no entry, and never one address twice at a time. */
function connect(entry: net.Entry): void {
  const address = addressBook.dialling(entry);
  attemptingToConnectToAddress = [...attemptingToConnectToAddress, address.text];
  log('dialling', address.text);
  const socket = new WebSocket(address.text, peers.dialOptions(entry));
  const peer = net.newPeer(entry, address, socket, () => drop(peer, 'no answer in time'));
  listenTo(peer);
  socket.on('open', () => peerOnOpen(peer));
  socket.on('error', (error) => drop(peer, net.explainError(error, address.text)));
  socket.on('close', (code) => drop(peer, peer.endReason ?? net.explainClose(code)));
}

/** A connection is established: the peer gets our HANDSHAKE. */
function peerOnOpen(peer: net.Peer): void {
  clearTimeout(peer.deadline);
  const redundant = peers.redundant(peer);
  if (redundant !== undefined) drop(redundant.peer, redundant.reason);
  if (redundant?.peer === peer) return;
  const { identity, address } = peer;
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, address.text);
  connectedAddresses = [...connectedAddresses, address.text];
  peers.opened(peer, pool.arrivals);
  log('connected', `${address.text}, ${count(connectedAddresses.length, 'peer')} now`);
  sendHandshake(peer);
  if (identity !== undefined) chainSync.ask(peer);
  if (identity !== undefined) reconciler.meet(peer, peers.meshId < identity.meshId);
  connectToAll();
}

/** The one way out for a connection that we opened, or failed to open. It is dialled again later. */
function drop(peer: net.Peer, reason: string): void {
  if (peer.isDropped) return;
  peer.isDropped = true;
  clearTimeout(peer.deadline);
  peer.socket.terminate();
  const { text } = peer.address;
  connectedAddresses = without(connectedAddresses, text);
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, text);
  if (!isLeaving) peers.closed(peer, reason);
  connectToAll();
}

/** Somebody has dialled us. A caller that finds no slot is dialled back, and let in the next time. */
function serverOnConnection(socket: WebSocket, request: IncomingMessage): void {
  const connection = net.newConnection(socket, request);
  listenTo(connection);
  net.logEnd(connection, log);
  const { address } = connection;
  if (!guard.admit(connection, exchange) && address !== undefined) {
    exchange.hear([address], connection);
    connectToAll(address);
  }
  if (isLeaving) socket.close(1001, 'leaving');
}

function listenTo(connection: net.Connection): void {
  const { socket } = connection;
  connections.add(connection);
  connectionLimits.watch(connection);
  socket.on('message', (data, isBinary) => socketOnMessage(connection, data, isBinary));
  socket.on('close', () => {
    connections.delete(connection);
    reconciler.forget(connection);
    chainSync.forget(connection);
  });
}

/** Parses what has come, and hands it to the handler of its type. */
function socketOnMessage(from: net.Connection, data: WebSocket.RawData, isBinary: boolean): void {
  if (isBinary) net.expel(from, 1003, 'text frames only');
  if (from.isExpelled || isLeaving) return;
  const message = wire.parseMessage(data as Buffer, from.identity !== undefined);
  net.noteFrame(from, message, (data as Buffer).length);
  if ('type' in message) wire.dispatch(handlers, message, from);
  else if ('malformed' in message) intake.refuse(message, from);
}

/** HANDSHAKE: connect to every address in it that we are not connected to yet. */
function learnAddresses(addresses: string[], from: net.Connection): void {
  const isIntroduced = exchange.read(addresses, from);
  if (isIntroduced) guard.admit(from, exchange);
  connectToAll();
}

/** TRANSACTION: a new one is written to the pool and relayed to the others; a known one is not. */
function accept(transaction: wire.Transaction, from: net.Connection): wire.Outcome {
  if (isKnown(transaction.key)) return intake.report(transaction, { status: 'known' }, from);
  const reason = pool.whyNoRoom(transaction);
  if (reason) return intake.report(transaction, { status: 'rejected', reason }, from);
  writeTransactions(pool, [transaction]);
  relay.add(transaction, from);
  return intake.report(transaction, { status: 'accepted' }, from);
}

/** Whether we have a transaction: in the pool, or in a block that is on disk. */
function isKnown(key: string): boolean {
  return pool.has(key) || chain.has(key, chain.savedHeight);
}

/** A peer that was left behind has read what it was sent: it finds the rest by comparing. */
function catchUp(peer: net.Peer): void {
  greet(peer);
  chainSync.tell(peer);
  reconciler.startAnewWith(peer);
}

/** Tells a peer whom we are connected to, and asks it for its latest block. */
function greet(peer: net.Peer): void {
  sendHandshake(peer);
  chainSync.ask(peer);
}

/** HANDSHAKE: our own address, then all that we are connected to, as the peer may know them. */
function sendHandshake(peer: net.Peer): void {
  net.send(peer, wire.handshakeFrame(peers.namesFor(peer, connectedAddresses)));
}

/** We leave: from now on nothing is dialled, and nothing taken. */
function stop(): void {
  isLeaving = true;
  log('leaving', `${count(pool.size.transactions, 'transaction')} in the pool`);
  clearTimeout(dialTimer);
  http.end();
  peers.leave();
}

function without(addresses: string[], address: string): string[] {
  return addresses.filter((other) => other !== address);
}
