/** Positions in a chart. */

/** The position of a value. */
export type Scale = (value: number) => number;

type Span = readonly [number, number];

/** A logarithmic scale. */
export function logScale([least, most]: Span, [start, end]: Span): Scale {
  // With a single value, everything is in the middle.
  if (least === most) return () => (start + end) / 2;
  return (value) => start + ((end - start) * Math.log(value / least)) / Math.log(most / least);
}

/** The powers of ten from the one below some numbers to the one above them: at least two. */
export function decadesAround(numbers: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...numbers)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...numbers))));
  return Array.from({ length: last - first + 1 }, (_, place) => Number(`1e${first + place}`));
}

/** Moves places on a line at least `gap` apart, and keeps them within the bounds. */
export function spreadOut(places: readonly number[], gap: number, [least, most]: Span): number[] {
  const inOrder = [...places.entries()].sort(([, a], [, b]) => a - b);
  let next = least;
  const down = inOrder.map(([index, place]) => {
    const moved = Math.max(place, next);
    next = moved + gap;
    return [index, moved] as const;
  });
  const result = [...places];
  let limit = most;
  for (const [index, place] of down.reverse()) {
    const moved = Math.min(place, limit);
    limit = moved - gap;
    result[index] = moved;
  }
  return result;
}
