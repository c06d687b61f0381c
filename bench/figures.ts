/** What stands for several numbers. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The middle of some numbers, or of the two in the middle what is between them; of none, NaN. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [below, above] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}

export function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}

/** The number that so many per cent of them are below. */
export function percentile(numbers: readonly number[], percent: number): number {
  const place = Math.floor((numbers.length * percent) / 100);
  return [...numbers].sort((a, b) => a - b)[place] ?? Number.NaN;
}
