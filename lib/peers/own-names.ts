import { LIMITS } from '../limits.js';
import type { Address } from './addresses.js';

/** The addresses that lead to this node: the one that it announces, and others met so far. */
export class OwnNames {
  readonly #own: Address;
  /** The keys of the others, the oldest first. */
  readonly #others = new Set<string>();

  constructor(own: Address) {
    this.#own = own;
  }

  has({ key }: Address): boolean {
    return key === this.#own.key || this.#others.has(key);
  }

  add({ key }: Address): void {
    this.#others.add(key);
    const [oldest] = this.#others;
    if (this.#others.size > LIMITS.ownNames) this.#others.delete(oldest as string);
  }
}
