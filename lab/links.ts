/** What the lab does to what passes between two nodes, which are named by their addresses here. */

import type { LinkState } from './entries.js';

export class Links {
  /** Of those that are not joined. */
  readonly #states = new Map<string, LinkState>();
  readonly #onChange: (between: [string, string], state: LinkState) => void;

  /** @param onChange is told of each change */
  constructor(onChange: (between: [string, string], state: LinkState) => void) {
    this.#onChange = onChange;
  }

  stateOf(a: string, b: string): LinkState {
    return this.#states.get(keyOf(a, b)) ?? 'joined';
  }

  set(a: string, b: string, state: LinkState): void {
    if (this.stateOf(a, b) === state) return;
    const key = keyOf(a, b);
    if (state === 'joined') this.#states.delete(key);
    else this.#states.set(key, state);
    this.#onChange([a, b], state);
  }

  /** Joins all that is cut or lossy. */
  joinAll(): void {
    for (const key of [...this.#states.keys()]) {
      const [a, b] = key.split(' ') as [string, string];
      this.set(a, b, 'joined');
    }
  }
}

/** The same for both orders. An address has no space in it. */
function keyOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
