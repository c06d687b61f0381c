/** What the lab does to what passes between two nodes, and the connections that it does it to. */

import type { LinkState } from './entries.js';

/** A connection between two nodes, which can be made lossy, or broken. */
export interface Wire {
  setLossy(isLossy: boolean): void;
  break(): void;
}

export class Links {
  readonly #states = new Map<string, LinkState>();
  readonly #wires = new Map<string, Set<Wire>>();
  readonly #onChange: (between: [string, string], state: LinkState) => void;

  /** @param onChange is told of each change; nodes are named by their addresses here */
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
    for (const wire of this.#wires.get(key) ?? []) {
      wire.setLossy(state === 'lossy');
      if (state === 'cut') wire.break();
    }
    this.#onChange([a, b], state);
  }

  /** Joins all that is cut or lossy. */
  joinAll(): void {
    for (const key of [...this.#states.keys()]) {
      const [a, b] = key.split(' ') as [string, string];
      this.set(a, b, 'joined');
    }
  }

  /**
   * A new connection from one node to another.
   *
   * @returns what to call when it has ended
   */
  add(from: string, to: string, wire: Wire): () => void {
    const key = keyOf(from, to);
    const wires = this.#wires.get(key) ?? new Set();
    this.#wires.set(key, wires.add(wire));
    wire.setLossy(this.stateOf(from, to) === 'lossy');
    return () => {
      wires.delete(wire);
      if (wires.size === 0) this.#wires.delete(key);
    };
  }
}

/** The same for both orders. An address has no space in it. */
function keyOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
