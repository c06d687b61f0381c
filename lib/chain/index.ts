/**
 * chain: the blocks. Their rules, the chain on disk, and how it is kept in step with those of
 * peers.
 *
 * Promises that the chain is valid whenever the node is killed, that it is only ever replaced by
 * one with more work, and that no transaction is lost when it is. Stands on pool.
 */

export { Chain } from './chain.js';
export { ChainSync } from './chain-sync.js';
