/** Figures that summarise several numbers. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The middle one of some numbers, or the mean of the two in the middle; NaN if there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [below, above] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}

export function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}

/** The number below which `percent` per cent of them are. */
export function percentile(numbers: readonly number[], percent: number): number {
  const place = Math.floor((numbers.length * percent) / 100);
  return [...numbers].sort((a, b) => a - b)[place] ?? Number.NaN;
}
