/**
 * client: what a program that is no node uses to follow the network through one node: it gives that
 * node transactions, and reads what it takes.
 *
 * Promises that a transaction counts once, however often the connection breaks; that nothing which
 * the node takes is missed or read twice; and that no node makes a program wait without end, or hold
 * more than a bounded amount of what it answers. Stands on wire, peers and guard.
 */

export type { ChainBlock } from './blocks.js';
export { Client, type ConnectOptions, connect, type TransactionReceipt } from './client.js';
export type { PlacedTransaction } from './follow.js';
export { NodeError, NoReceiptError } from './node-error.js';
export type { NodeStatus } from './status.js';
