/** Chance, the same for the same seed. */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** From 0 up to 1, as Math.random() gives it. */
  number(): number {
    return uniformFloat64(this.#generator);
  }

  /** Around a mean: from half of it to one and a half. */
  around(mean: number): number {
    return mean * (0.5 + this.number());
  }

  /** Until the next of events that come now and then. */
  interval(mean: number): number {
    return -mean * Math.log(1 - this.number());
  }

  oneOf<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.number() * all.length)];
  }
}
