/**
 * The lines that `npm start` shows: whole lines of its nodes, and under load one for all of them.
 */

import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
/** What a node has accepted in the last second, and the size of its pool, in transactions. */
type Tally = readonly [accepted: string, pool: string];

/** When a line was printed: a node says so where no terminal shows it. */
const TIME = /^\d{4}-\S+Z (?=\[)/;
const TALLY = /^\[\d+\] accepted: (\d+) transactions in the last second, (\d+) in the pool\n$/;
const PATIENCE_MS = 1000;

// Not red, which looks like a mistake, and no colour that is illegible on white or on black.
const HUES = ['cyan', 'magenta', 'green', 'yellow', 'blueBright'] as const;
const COLOURS: readonly Style[] = [...HUES, ...HUES.map((hue) => [hue, 'inverse'] as Style)];

/** The colour of a node: always the same, whichever other nodes there are. */
export function colourOf(number: number): Style {
  return COLOURS[(number - 1) % COLOURS.length] as Style;
}

/** Whether somebody sees colours, or wants them: the variables are those of most programs. */
function showsColours(stdout: NodeJS.WriteStream, environment = process.env): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = environment;
  if (no !== undefined && no !== '') return false;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return stdout.isTTY && stdout.hasColors();
}

/**
 * Shows each line after the name of its node, and the tallies of all nodes in one line. A terminal is
 * shown no times.
 */
export class NodeLines {
  readonly #print: (text: string) => void;
  readonly #isColoured: boolean;
  readonly #hasTimes: boolean;
  /** By name: the number, as it is ordered, and coloured. */
  readonly #numbers = new Map<string, number>();
  readonly #tallies = new Map<string, Tally>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stdout where it is printed */
  constructor(print: (text: string) => void, stdout: NodeJS.WriteStream) {
    this.#print = print;
    this.#isColoured = showsColours(stdout);
    this.#hasTimes = !stdout.isTTY;
  }

  /** A node that runs from now on: its tallies are waited for. */
  add(name: string, number: number): void {
    this.#numbers.set(name, number);
  }

  remove(name: string): void {
    this.#numbers.delete(name);
  }

  /** @param line with its end */
  show(line: string, name: string, number: number): void {
    const [time = ''] = TIME.exec(line) ?? [];
    this.#showLine(this.#hasTimes ? time : '', line.slice(time.length), name, number);
  }

  #showLine(time: string, line: string, name: string, number: number): void {
    const [, accepted, pool] = TALLY.exec(line) ?? [];
    if (accepted === undefined || pool === undefined) {
      this.#print(`${time}${this.#inColour(`[${name}]`, number)} ${line}`);
      return;
    }
    // A second tally of this node, while others are silent or late.
    if (this.#tallies.has(name)) this.#showTallies();
    this.#tallies.set(name, [accepted, pool]);
    this.#timer ??= setTimeout(() => this.#showTallies(), PATIENCE_MS).unref();
    if (this.#tallies.size >= this.#numbers.size) this.#showTallies();
  }

  #showTallies(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const numberOf = (name: string) => this.#numbers.get(name) ?? 0;
    const tallies = [...this.#tallies].sort(([a], [b]) => numberOf(a) - numberOf(b));
    this.#tallies.clear();
    const accepted = tallies.map(
      ([name, [count]]) => `${this.#inColour(name, numberOf(name))} ${count}`,
    );
    const pools = tallies.map(([, [, count]]) => count);
    this.#print(
      `--> accepted in the last second: ${accepted.join(', ')}; in the pools: ${pools.join(', ')}\n`,
    );
  }

  #inColour(text: string, number: number): string {
    return this.#isColoured ? styleText(colourOf(number), text) : text;
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
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
    const lines = (rest + text).split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
    for (const line of lines) take(line);
  };
}
