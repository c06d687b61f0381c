/**
 * What somebody would take who wants this ready-made: libp2p with gossipsub, over TCP, Noise and
 * Yamux. Transactions are handed in at a WebSocket, and kept nowhere.
 *
 * Set for the highest rate, and so that nothing is lost: nothing is validated, there are no scores,
 * a message is serialised once for all, and whoever hands in waits while much is still unsent.
 * With the argument `signed`, messages are signed and signatures checked, which is the default of
 * gossipsub; without, a message's id is that of the transaction.
 */

// Before libp2p.
import './node-20.js';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type GossipSub,
  gossipsub,
  type Message,
  StrictNoSign,
  StrictSign,
} from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { WebSocket } from 'ws';
import { idOf, MESSAGE_LEAD } from '../transactions.js';
import { Control } from './control.js';
import { listen } from './sockets.js';

const TOPIC = 'transactions';
/** With fewer peers in its mesh than this, gossipsub looks for more. */
const MESH_PEERS = 4;
const POLL_MS = 50;
const DIAL_MS = 60_000;
/** When so much waits for somebody, or so many are being published, whoever hands in waits too. */
const WAITING_BYTES = 256 * 1024;
const PUBLISHING = 256;
const WAIT_MS = 1;

let publishing = 0;
const meshPeers = new Set<string>();
const isSigned = process.argv[2] === 'signed';
const control = new Control({ dial });
const node = await createLibp2p<{ identify: Identify; pubsub: GossipSub }>({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp({ inboundSocketInactivityTimeout: 0, outboundSocketInactivityTimeout: 0 })],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  // We are stopped while others are measured, and then connections must not be called dead.
  connectionMonitor: { enabled: false },
  // All others call from one address, and at once; many nodes on few processors take their time.
  connectionManager: {
    inboundConnectionThreshold: 1000,
    maxIncomingPendingConnections: 1000,
    dialTimeout: DIAL_MS,
    addressDialTimeout: DIAL_MS,
    inboundUpgradeTimeout: DIAL_MS,
  },
  services: {
    identify: identify({ timeout: DIAL_MS }),
    pubsub: gossipsub({
      globalSignaturePolicy: isSigned ? StrictSign : StrictNoSign,
      ...(isSigned ? {} : { msgIdFn: ({ data }: Message) => idOf(data) }),
      floodPublish: false,
      batchPublish: true,
      // Where all have one address and are overloaded on purpose, the scores would shut them out.
      scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
    }),
  },
});
const { pubsub } = node.services;
pubsub.addEventListener('message', ({ detail }) => {
  const { data } = detail;
  control.onTransaction(Buffer.from(data.buffer, data.byteOffset, data.length), 0);
});
pubsub.addEventListener('gossipsub:graft', ({ detail }) => meshPeers.add(detail.peerId));
pubsub.addEventListener('gossipsub:prune', ({ detail }) => meshPeers.delete(detail.peerId));
pubsub.subscribe(TOPIC);

const { server, address: door } = await listen();
server.on('connection', (from) => {
  from.on('message', (frame: Buffer) => publish(frame, from));
});
control.report({ type: 'listening', door, address: String(node.getMultiaddrs()[0]) });

/** Resolves when the mesh is there too. */
async function dial(addresses: readonly string[], neighbours: number): Promise<void> {
  for (const address of addresses) await node.dial(multiaddr(address));
  while (meshPeers.size < Math.min(MESH_PEERS, neighbours)) await sleep(POLL_MS);
}

async function publish(frame: Buffer, from: WebSocket): Promise<void> {
  publishing += 1;
  if (publishing > PUBLISHING || isBehind()) waitFor(from);
  await pubsub.publish(TOPIC, frame.subarray(MESSAGE_LEAD.length, -1));
  publishing -= 1;
  control.onTransaction(frame, MESSAGE_LEAD.length);
}

async function waitFor(from: WebSocket): Promise<void> {
  if (from.isPaused) return;
  from.pause();
  while (publishing > PUBLISHING || isBehind()) await sleep(WAIT_MS);
  from.resume();
}

function isBehind(): boolean {
  return node.getConnections().some(({ streams }) => {
    return streams.some(({ writeBufferLength }) => writeBufferLength > WAITING_BYTES);
  });
}
