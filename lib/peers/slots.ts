import { LIMITS } from '../limits.js';

/**
 * How many peers a node has room for, if it looks for so many. The remaining slots are for nodes
 * that dial it: with fewer of them, a newcomer would hardly find a slot in a large network.
 */
export function totalSlots(maxPeers: number): number {
  return LIMITS.slotsPerPeer * maxPeers;
}
