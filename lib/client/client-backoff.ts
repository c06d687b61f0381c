import { LIMITS } from '../limits.js';
import { backoffMs } from '../peers/backoff.js';

/**
 * How long to wait before a node is tried again: a program that waits wants to know sooner than a node.
 *
 * @param failures failed attempts in a row, 1 or more
 * @returns milliseconds
 */
export function clientBackoffMs(failures: number): number {
  return Math.min(backoffMs(failures, Math.random()), LIMITS.clientBackoffLongestMs);
}
