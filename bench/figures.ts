/** What the benchmarks share: a number from the command line, and what stands for several runs. */

import { fail } from '../command-line.js';

/** Reads a whole number; anything else ends the process with one line. */
export function readNumber(name: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    fail(`--${name} ${text} is not a whole number of 1 or more`);
  }
  if (number > most) fail(`--${name} ${text} is more than ${most}`);
  return number;
}

export function median(numbers: readonly number[]): number {
  return percentile(numbers, 50);
}

/** The smallest number that is not below so many per cent of them. */
export function percentile(numbers: readonly number[], percent: number): number {
  const place = Math.floor((numbers.length * percent) / 100);
  return [...numbers].sort((a, b) => a - b)[place] ?? Number.NaN;
}
