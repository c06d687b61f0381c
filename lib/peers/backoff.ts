import { LIMITS } from '../limits.js';

/**
 * The wait before the next dial. It doubles with each failure in a row up to a ceiling, and is
 * spread by ±50 %, so that nodes which lost a peer at the same moment do not all come back
 * together.
 *
 * @param failures failed attempts in a row, 1 or more
 * @param random a number from 0 up to 1, as Math.random() gives it
 * @returns milliseconds
 */
export function backoffMs(failures: number, random: number): number {
  const waitMs = Math.min(LIMITS.backoffFirstMs * 2 ** (failures - 1), LIMITS.backoffLongestMs);
  return waitMs * (0.5 + random);
}
