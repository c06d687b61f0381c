/**
 * peers: the other nodes. Their addresses, when to dial them, the connections with them, how our
 * own nodes recognise each other, what a HANDSHAKE tells, and whom to relay to.
 *
 * Promises that no address is dialled twice at a time, that ours never is, and that nothing which a
 * stranger claims about itself decides what reaches others. Stands on wire and storage.
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
export { headerLines } from './identity.js';
export { PeerExchange } from './peer-exchange.js';
export { readKnownPeers } from './peer-files.js';
export { Peers } from './peers.js';
