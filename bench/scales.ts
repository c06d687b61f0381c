/** Positions in a chart. */

/** The position of a value. */
export type Scale = (value: number) => number;

const MOST_STEPS = 4;
const FEW_DECADES = 3;

type Span = readonly [number, number];

/** A logarithmic scale. */
export function logScale([least, most]: Span, [start, end]: Span): Scale {
  // With a single value, everything is in the middle.
  if (least === most) return () => (start + end) / 2;
  return (value) => start + ((end - start) * Math.log(value / least)) / Math.log(most / least);
}

/** Powers of ten, and if they are few, round numbers between them too. */
export function levelsBetween(decades: readonly number[]): number[] {
  if (decades.length > FEW_DECADES) return [...decades];
  const last = decades.at(-1) as number;
  return decades
    .flatMap((decade) => [1, 2, 5].map((times) => decade * times))
    .filter((level) => level <= last);
}

/** A scale from 0. */
export function linearScale(most: number, [start, end]: Span): Scale {
  return (value) => start + ((end - start) * value) / most;
}

/** Round numbers from 0 on, at equal distances: three to five, the last one at or above `most`. */
export function ticksTo(most: number): number[] {
  const decade = 10 ** Math.floor(Math.log10(most));
  const steps = [decade / 10, decade / 5, decade / 2, decade, decade * 2];
  const step = steps.find((step) => most / step <= MOST_STEPS) as number;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, place) => place * step);
}

/** The powers of ten from the one below some numbers to the one above them: at least two. */
export function decadesAround(numbers: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...numbers)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...numbers))));
  return Array.from({ length: last - first + 1 }, (_, place) => Number(`1e${first + place}`));
}
