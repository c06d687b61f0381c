/** A distribution of times in plain numbers, as Prometheus wants it: how many took up to so long. */

export class Histogram {
  /** Upper bounds in seconds, rising. */
  readonly bounds: readonly number[];
  /** How many fell below each bound and above the one before it; the last ones are above all. */
  readonly counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** All of them together, in seconds. */
  get sum(): number {
    return this.#sum;
  }

  observe(seconds: number): void {
    const index = this.bounds.findIndex((bound) => seconds <= bound);
    const place = index === -1 ? this.bounds.length : index;
    this.counts[place] = (this.counts[place] as number) + 1;
    this.#sum += seconds;
  }
}
