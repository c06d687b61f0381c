import { LIMITS } from '../limits.js';

/**
 * How many peers a node has room for that looks for so many itself. The rest is for those that dial
 * it: were there only as many again, those that come to a large network would hardly find a place.
 */
export function totalSlots(maxPeers: number): number {
  return LIMITS.slotsPerPeer * maxPeers;
}
