/**
 * One node of the network: a server that any peer may dial, and a client for each peer that
 * we dial. What we say to a peer goes out on the connection that we opened, so two nodes hold
 * two connections, one in each direction. PROTOCOL.md describes the wire.
 */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type Address, pageAddressOf, parseAddress, scopeFromOutside } from './addresses.js';
import { announcementHeaders, headerLines } from './announcement.js';
import { Answers } from './answers.js';
import { Chain } from './chain.js';
import { ChainSync } from './chain-sync.js';
import { LIMITS } from './config.js';
import { Conflicts } from './conflicts.js';
import {
  type Connection,
  explainClose,
  explainError,
  isAtHome,
  isSameNode,
  nameOf,
  newConnection,
  openPeer,
  type Peer,
  pauseUntil,
  SOCKET_OPTIONS,
  send,
} from './connection.js';
import { type Contact, Contacts } from './contacts.js';
import { Crowd } from './crowd.js';
import { secretHeaders } from './door.js';
import { Flow } from './flow.js';
import { lockFolder } from './folder-lock.js';
import { Gossip } from './gossip.js';
import type { Key } from './key-set.js';
import { leaveOnSignal } from './leave.js';
import { listen } from './listen.js';
import { count, createLog } from './log.js';
import {
  type Data,
  handshakeFrame,
  type Message,
  type MessageType,
  type Outcome,
  parseMessage,
} from './messages.js';
import { Meter } from './meter.js';
import { createLearntPeersSaver, readKnownPeers, readLearntPeers } from './peer-files.js';
import { placesOfAll } from './places.js';
import { sendReceipt } from './receipts.js';
import { Reconciler } from './reconciler.js';
import { Relay } from './relay.js';
import { Routes } from './routes.js';
import { keepsSecret, loadSettings, warningsOf } from './settings.js';
import { Site } from './site.js';
import { Sources } from './sources.js';
import type { Malformed, Transaction } from './transaction.js';
import {
  hasTransaction,
  isDiskBehind,
  loadTransactions,
  tree,
  whyNoRoom,
  writeTransactions,
} from './transactions.js';

// Load: settings, known peers, the chain, the pool.

const settings = loadSettings(fileURLToPath(new URL('.', import.meta.url)));
const { log, recentLines } = createLog(settings.port, settings.logFormat);
const knownPeers = readKnownPeers(settings.folder);
await lockFolder(settings.folder);
const chain = await Chain.open(log);
await loadTransactions(settings.maxPoolBytes, (key) => chain.has(key), log);

const meshId = randomBytes(16).toString('hex');
const announcement = announcementHeaders(meshId, settings.address);
const ownAddress = parseAddress(settings.address) as Address;
const own = { ...ownAddress, scope: await scopeFromOutside(ownAddress) };
const contacts = new Contacts(own, keepsSecret(settings), settings.maxPeers);
const dialOptions = {
  own,
  headers: { ...announcement, ...secretHeaders(settings.secret) },
  ca: settings.ca,
};

let connectedAddresses: string[] = [];
let attemptingToConnectToAddress: string[] = [];
/** The peers we are connected to, by the key of the address we dialled. */
const peers = new Map<string, Peer>();
const connections = new Set<Connection>();

let dialTimer: NodeJS.Timeout | undefined;
let announceTimer: NodeJS.Timeout | undefined;
let isLeaving = false;

const meter = new Meter(log);
const learntPeers = createLearntPeersSaver(settings.folder, () => contacts.worthRemembering(), log);
const routes = new Routes(peers, connections, contacts);
const sources = new Sources(routes);
const inboundPeers = placesOfAll(settings.maxPeers);
const crowd = new Crowd({ connections, routes, inboundPeers, expel, turnAway });
const gossip = new Gossip({ contacts, routes, sources, crowd, log });
const answers = new Answers(sources, crowd, log);
const flow = new Flow({ peers, drop, catchUp, log });
const relay = new Relay({ routes, flow, meter });
const conflicts = new Conflicts(log);
const reconciler = new Reconciler({ peers, routes, take, isKnown, greet, answers, meter, log });
const chainSync = new ChainSync(chain, {
  routes,
  flow,
  answers,
  log,
  expel,
  spread: () => reconciler.spread(),
});
const handlers: { [T in MessageType]: (data: Data<T>, from: Connection) => void } = {
  HANDSHAKE: learn,
  TRANSACTION: accept,
  RELAY: acceptAll,
  ...reconciler.handlers,
  ...chainSync.handlers,
};

// Listen.

const server = new WebSocketServer({ noServer: true, clientTracking: false, ...SOCKET_OPTIONS });
server.on('headers', (headers) => headers.push(...headerLines(announcement)));
const site = new Site({
  own,
  contacts,
  peers,
  connections,
  routes,
  chain,
  meter,
  recentLines,
  log,
});
const listeners = await listen(settings, log, {
  onUpgrade: (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => serverOnConnection(client, request)),
  onRequest: (request, response) => site.answer(request, response),
});
log('listening', `${settings.address}, ${count(tree.size, 'transaction')} in the pool`);
log('page', pageAddressOf(settings.address));
for (const warning of warningsOf(settings, knownPeers)) log('warning', warning);

// Dial: the known peers for ever, the ones learnt in earlier runs while they answer.

for (const address of knownPeers) contacts.addKnown(address, performance.now());
for (const address of readLearntPeers(settings.folder, log)) {
  contacts.addRemembered(address, performance.now());
}
dialDue();

// Leave, when told to.

leaveOnSignal({ stop, listeners, connections, saved });

/**
 * Dials every contact that is due, as far as the limits allow, and comes back for the rest.
 *
 * @param refused where one says that it listens who has dialled us, and found no room
 */
function dialDue(refused?: Address): void {
  clearTimeout(dialTimer);
  if (isLeaving) return;
  const nowMs = performance.now();
  const plan = contacts.plan(nowMs, {
    dialling: attemptingToConnectToAddress.length,
    connected: peers.size,
    callers: () => (refused ? [...crowd.callers(), refused] : crowd.callers()),
  });
  for (const contact of plan.now) dial(contact);
  if (plan.nextMs !== Infinity) dialTimer = setTimeout(() => dialDue(), plan.nextMs - nowMs);
}

function dial(contact: Contact): void {
  const address = contacts.dialling(contact);
  attemptingToConnectToAddress = [...attemptingToConnectToAddress, address.text];
  log('dialling', address.text);

  const giveUp = () => drop(peer, 'no answer in time');
  const peer = openPeer(contact, address, dialOptions, giveUp);
  listenTo(peer);
  peer.socket.on('open', () => peerOnOpen(peer));
  peer.socket.on('error', (error) => drop(peer, explainError(error, address.text)));
  peer.socket.on('close', (code) => drop(peer, explainClose(code)));
}

function peerOnOpen(peer: Peer): void {
  const { contact, address } = peer;
  clearTimeout(peer.deadline);
  if (peer.announcement?.meshId === meshId) {
    contacts.foundOurself(contact);
    drop(peer, 'this node itself under another name');
    return;
  }
  const twin = [...peers.values()].find((other) => isSameNode(other, peer));
  if (twin !== undefined) {
    const [kept, other] = isAtHome(peer) ? [peer, twin] : [twin, peer];
    contacts.foundSame(other.contact, kept.contact);
    drop(other, `the same node as ${kept.address.text}`);
    if (other === peer) return;
  }

  peer.openedMs = performance.now();
  peer.toldSince = tree.places;
  contacts.reached(contact);
  meter.count('connected');
  peers.set(address.key, peer);
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, address.text);
  connectedAddresses = [...connectedAddresses, address.text];
  log('connected', `${address.text}, ${count(peers.size, 'peer')} now`);
  sendHandshake(peer);
  peersChanged();
  if (peer.announcement) chainSync.ask(peer);
  // One of the two compares the pools; it finds out what either of them lacks.
  if (peer.announcement && meshId < peer.announcement.meshId) reconciler.compareWith(peer);
  learntPeers.save();
  dialDue();
}

/** The one way out for a connection that we opened, or tried to: whatever ended it, and once. */
function drop(peer: Peer, reason: string): void {
  if (peer.isDropped) return;
  peer.isDropped = true;
  clearTimeout(peer.deadline);
  peer.socket.terminate();

  const { contact, address } = peer;
  if (peers.get(address.key) === peer) {
    peers.delete(address.key);
    connectedAddresses = without(connectedAddresses, address.text);
    peersChanged();
  }
  attemptingToConnectToAddress = without(attemptingToConnectToAddress, address.text);
  if (contact.sameAs !== undefined) {
    log('not connected', `${address.text} is ${reason}`);
  } else if (!isLeaving) {
    redialLater(peer, reason);
  }
  dialDue();
}

function redialLater({ contact, address, openedMs }: Peer, reason: string): void {
  const nowMs = performance.now();
  const upMs = Math.max(0, nowMs - openedMs);
  const waitMs = contacts.lost(contact, upMs, nowMs, Math.random());
  const next = waitMs === undefined ? 'given up' : `again in ${(waitMs / 1000).toFixed(1)} s`;
  if (upMs === 0) meter.count('failed');
  log(upMs > 0 ? 'disconnected' : 'unreachable', `${address.text} (${reason}), ${next}`);
  if (waitMs === undefined) learntPeers.save();
}

function serverOnConnection(socket: WebSocket, request: IncomingMessage): void {
  const connection = newConnection(socket, request);
  listenTo(connection);
  socket.on('error', (error) => log('bad connection', `${nameOf(connection)}: ${error.message}`));
  // If we meet it where it says that it listens, it is let in the next time.
  const { address } = connection;
  if (!crowd.admit(connection) && address !== undefined) {
    gossip.hear([address], connection);
    dialDue(address);
  }
  // A request that was on its way when we stopped listening.
  if (isLeaving) socket.close(1001, 'leaving');
}

function listenTo(connection: Connection): void {
  const { socket } = connection;
  connections.add(connection);
  crowd.watch(connection);
  socket.on('message', (data, isBinary) => socketOnMessage(connection, data, isBinary));
  socket.on('close', () => {
    connections.delete(connection);
    reconciler.forget(connection);
    chainSync.forget(connection);
  });
}

function socketOnMessage(from: Connection, data: RawData, isBinary: boolean): void {
  // Nothing counts that comes after our close frame, but before theirs.
  if (from.isExpelled || isLeaving) return;
  if (isBinary) {
    expel(from, 1003, 'text frames only');
    return;
  }
  from.isAlive = true;
  from.unfinishedBytes = 0;
  const message = parseMessage(data as Buffer, from.announcement !== undefined);
  if ('type' in message) handle(message, from);
  else if ('malformed' in message) refuse(from, message);
}

function handle<T extends MessageType>({ type, data }: Message<T>, from: Connection): void {
  from.hasSpoken = true;
  from.heardMs = performance.now();
  handlers[type](data, from);
}

async function refuse(from: Connection, { malformed, id }: Malformed): Promise<void> {
  from.malformedFrames += 1;
  const isLast = from.malformedFrames === LIMITS.malformedFrames;
  if (isLast) from.isExpelled = true;
  if (id !== undefined) meter.count('rejected');
  log('refused', `${nameOf(from)} sent ${malformed}`);
  const outcome = { status: 'rejected', reason: malformed } as const;
  const wantsReceipt = id !== undefined && from.announcement?.wantsReceipts;
  const told = wantsReceipt ? sendReceipt(from, id, outcome) : undefined;
  if (isLast) await Promise.race([told, sleep(LIMITS.receiptsTimeoutMs)]);
  if (isLast) expel(from, 1008, 'too many malformed messages');
}

/** Closes a connection for what came over it; whether the other end goes along or not. */
function expel(from: Connection, code: number, reason: string): void {
  from.isExpelled = true;
  from.socket.close(code, reason);
  setTimeout(() => from.socket.terminate(), LIMITS.closeTimeoutMs).unref();
  const peer = [...peers.values()].find((each) => each === from);
  if (peer !== undefined) drop(peer, reason);
  else log('closed', `${nameOf(from)} (${reason})`);
}

/** There is no room for somebody: a node of ours is told of others, for it may know nobody else. */
function turnAway(from: Connection): void {
  if (from.announcement?.address) {
    const others = contacts.some(LIMITS.peers, Math.random).map(({ text }) => text);
    send(from, handshakeFrame([settings.address, ...others]));
  }
  expel(from, 1013, 'no room for so many connections');
}

/** HANDSHAKE: dial every address in it that we are not connected to or dialling already. */
function learn(texts: string[], from: Connection): void {
  gossip.read(texts, from);
  dialDue();
}

/** TRANSACTION: take it in, and tell who wants to know what became of it. */
function accept(transaction: Transaction, from: Connection): void {
  const outcome = admit(transaction, from);
  if (from.announcement?.wantsReceipts) sendReceipt(from, transaction.id, outcome);
}

/** RELAY: many that came together, each as if it had come by itself. */
function acceptAll(transactions: readonly Transaction[], from: Connection): void {
  for (const each of transactions) admit(each, from);
}

/** Takes in what a peer had and we lacked; false when there is no room for it. */
function take(transactions: readonly Transaction[], from: Connection): boolean {
  return transactions.every((each) => admit(each, from).status !== 'rejected');
}

/** A new transaction goes into the pool and on to the others; a known one goes no further. */
function admit(transaction: Transaction, from: Connection): Outcome {
  if (isKnown(transaction.key)) {
    meter.count('duplicate');
    conflicts.look(transaction, from);
    return { status: 'known' };
  }
  const reason = whyNoRoom(transaction);
  if (reason !== undefined) {
    meter.rejected(reason);
    return { status: 'rejected', reason };
  }
  writeTransactions([transaction]);
  relay.add(transaction, from);
  if (isDiskBehind()) pauseUntil(writeTransactions([]), from);
  return { status: 'accepted' };
}

/** Whether we have a transaction: in the pool, or sealed in a block that is on disk. */
function isKnown(key: Key): boolean {
  return hasTransaction(key) || chain.has(key, chain.savedHeight);
}

/** What was not relayed to a peer, it finds by comparing. */
function catchUp(peer: Peer): void {
  peer.toldSince = tree.places;
  peer.distrustedUntilMs = -Infinity;
  greet(peer);
  chainSync.tell(peer);
  reconciler.compareWith(peer);
}

/** Tells a peer who we are, and asks it what is new. */
function greet(peer: Peer): void {
  sendHandshake(peer);
  chainSync.ask(peer);
}

function sendHandshake(peer: Peer): void {
  send(peer, handshakeFrame([settings.address, ...connectedAddresses]));
}

/** Tells the peers that recognise us when the list of our peers has changed. */
function peersChanged(): void {
  routes.forget();
  announceTimer ??= setTimeout(() => {
    announceTimer = undefined;
    for (const peer of peers.values()) {
      if (peer.announcement && !peer.isLeftBehind) sendHandshake(peer);
    }
  }, LIMITS.announceDelayMs);
}

/** We leave: from now on nothing is dialled, and nothing taken. */
function stop(): void {
  isLeaving = true;
  log('leaving', `${count(tree.size, 'transaction')} in the pool`);
  clearTimeout(dialTimer);
  clearTimeout(announceTimer);
  site.end();
}

/** Resolves when the chain and the smaller files are on disk. */
async function saved(): Promise<void> {
  await Promise.all([chainSync.settled(), learntPeers.settled()]);
}

function without(addresses: string[], address: string): string[] {
  return addresses.filter((other) => other !== address);
}
