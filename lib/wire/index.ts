/**
 * wire: parses and bounds what may come over a socket, and makes the frames that we send.
 *
 * Promises that parsing never throws, whatever a frame holds, and that a parsed message is typed
 * and within its limits; outside this room, nothing from a socket is `unknown`. Pure. Stands on the
 * limits alone.
 */

export { dispatch, type Handlers, handshakeFrame, parseMessage } from './messages.js';
export type { Outcome } from './receipt.js';
export type { Transaction } from './transaction.js';
