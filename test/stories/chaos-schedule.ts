/** What happens to the network of a chaos run, and when: all of it follows from a seed. Pure. */

/** What happens, to which node, and when; for how long, if it passes; times in milliseconds. */
export interface Happening {
  readonly atMs: number;
  readonly what: 'add' | 'block' | 'kill' | 'stop' | 'cut' | 'lose';
  readonly node: number;
  readonly forMs: number;
  /** How many transactions to add, or every which one to lose. */
  readonly count: number;
}

/**
 * @param seconds how long it goes on
 * @param nodes how many there are
 */
export function makeSchedule(seed: number, seconds: number, nodes: number): Happening[] {
  const random = newRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const choices = [
    'kill',
    'stop',
    'cut',
    'lose',
    'block',
    'add',
    'add',
    'add',
    'add',
    'add',
  ] as const;
  const schedule: Happening[] = [];
  for (let atMs = 0; atMs < seconds * 1000; atMs += 10 + below(150)) {
    const what = choices[below(choices.length)] ?? 'add';
    const [node, forMs] = [below(nodes), 200 + below(3000)];
    schedule.push({ atMs, what, node, forMs, count: 2 + below(what === 'lose' ? 4 : 800) });
  }
  return schedule;
}

/** mulberry32, by Tommy Ettinger: numbers from 0 up to 1 that follow from a seed. */
function newRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
