/**
 * peers: the other nodes. Their addresses, when to dial them, the connections with them, how our
 * nodes recognise each other, what a HANDSHAKE tells, and to whom a transaction is relayed.
 *
 * Promises that no address is dialled twice at a time, that our own is never dialled, and that no
 * claim of a peer about itself decides what reaches others. Stands on wire and storage.
 */

export { type Address, pageAddressOf } from './addresses.js';
export {
  type Connection,
  expel,
  logEnd,
  newConnection,
  newPeer,
  noteFrame,
  type Peer,
  SERVER_OPTIONS,
  send,
} from './connection.js';
export { explainClose, explainError } from './dialling.js';
export type { Entry } from './entry.js';
export { PeerExchange } from './peer-exchange.js';
export { readKnownPeers } from './peer-files.js';
export { Peers } from './peers.js';
