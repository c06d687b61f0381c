/** Random numbers, the same for the same seed. */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** From 0 to 1, but less than 1, like Math.random(). */
  number(): number {
    return uniformFloat64(this.#generator);
  }

  /** Around a mean: from half of it to one and a half times it. */
  around(mean: number): number {
    return mean * (0.5 + this.number());
  }

  /** Time to the next event of a Poisson process. */
  interval(mean: number): number {
    return -mean * Math.log(1 - this.number());
  }

  oneOf<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.number() * all.length)];
  }
}
