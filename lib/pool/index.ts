/**
 * pool: the transactions. They are stored, relayed, receipted, and compared with those of peers.
 *
 * Promises that an accepted transaction is on disk when its receipt goes out, that a kill at any
 * byte loses none of them, and that two nodes which can reach each other end with the same
 * transactions. Stands on wire, storage, peers and guard.
 */

export { Intake } from './intake.js';
export { Pool, writeTransactions } from './pool.js';
export { Reconciler } from './reconciler.js';
export { Relay } from './relay.js';
