/**
 * wire: what may come over a socket, parsed and bounded, and the frames that we send.
 *
 * Promises that parsing never throws, whatever a frame holds, and that a parsed message is within
 * its limits and typed; beyond this room nothing from a socket is `unknown`. Pure. Stands on the
 * limits alone.
 */

export { dispatch, type Handlers, handshakeFrame, parseMessage } from './messages.js';
export type { Outcome } from './receipt.js';
export type { Transaction } from './transaction.js';
