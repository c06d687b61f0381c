/**
 * The lines that `npm start` shows: whole lines of its nodes, and under load one for all of them.
 */

import { StringDecoder } from 'node:string_decoder';
import { type Command, Logger } from 'concurrently';

/** What a node has accepted in the last second, and the size of its pool, in transactions. */
type Tally = readonly [accepted: string, pool: string];

const TALLY = /^\[\d+\] accepted: (\d+) transactions in the last second, (\d+) in the pool\n$/;
const PATIENCE_MS = 1000;

// Not red, which looks like a mistake, and no colour that is illegible on white or on black.
const HUES = ['cyan', 'magenta', 'green', 'yellow', 'blueBright'];
const COLOURS = [...HUES, ...HUES.map((hue) => `${hue}.inverse`)];

/** The colour of a node: always the same, whichever other nodes there are. */
export function colourOf(number: number): string {
  return COLOURS[(number - 1) % COLOURS.length] as string;
}

/** Shows each line after the name of its node, and the tallies of all nodes in one line. */
export class NodeLines extends Logger {
  readonly #size: number;
  readonly #show = new Map<Command, (chunk: string) => void>();
  readonly #tallies = new Map<Command, Tally>();
  #timer: NodeJS.Timeout | undefined;

  /** @param size how many nodes there are */
  constructor(size: number) {
    super({ prefixFormat: 'name' });
    this.#size = size;
  }

  override logCommandText(chunk: string, command: Command): void {
    const show = this.#show.get(command) ?? wholeLines((line) => this.#showLine(line, command));
    this.#show.set(command, show);
    show(chunk);
  }

  #showLine(line: string, command: Command): void {
    const [, accepted, pool] = TALLY.exec(line) ?? [];
    if (accepted === undefined || pool === undefined) {
      super.logCommandText(line, command);
      return;
    }
    // A second tally of this node, while others are silent or late.
    if (this.#tallies.has(command)) this.#showTallies();
    this.#tallies.set(command, [accepted, pool]);
    this.#timer ??= setTimeout(() => this.#showTallies(), PATIENCE_MS).unref();
    if (this.#tallies.size === this.#size) this.#showTallies();
  }

  #showTallies(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const tallies = [...this.#tallies].sort(([a], [b]) => a.index - b.index);
    this.#tallies.clear();
    const accepted = tallies.map(
      ([command, [count]]) => `${this.colorText(command, command.name)} ${count}`,
    );
    const pools = tallies.map(([, [, count]]) => count);
    this.logGlobalEvent(
      `accepted in the last second: ${accepted.join(', ')}; in the pools: ${pools.join(', ')}`,
    );
  }
}

/**
 * Returns a function that takes the pieces from a pipe and hands on whole lines, each with its end:
 * the output of two nodes must not mix within a line.
 */
export function wholeLines(take: (line: string) => void): (chunk: Buffer | string) => void {
  const decoder = new StringDecoder();
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
    for (const line of lines) take(line);
  };
}
