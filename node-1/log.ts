/**
 * What a person sees in the terminal: one line an event, `[4001] event: what and why`. For a
 * program that reads it, the same as JSON.
 */

import { LIMITS } from './config.js';
import { TokenBucket } from './token-bucket.js';

export type Log = (event: string, detail: string) => void;
export type LogFormat = 'text' | 'json';

/** A line as it was printed. */
export interface LogLine {
  /** In ms since 1970. */
  readonly at: number;
  readonly event: string;
  readonly detail: string;
}

const LINE_CHARACTERS = 300;
// Control characters and text-direction marks: a peer must not repaint somebody's terminal.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Returns the log of the node on `port`, and the latest lines of it, the last one first. Nobody can
 * fill the terminal: of each event there are some lines at once, then one a second, and from time
 * to time how many were left out.
 */
export function createLog(
  port: number,
  format: LogFormat,
): { log: Log; recentLines: readonly LogLine[] } {
  // A reader that goes away (`node index.js | head`) must not end the node.
  process.stdout.on('error', () => {});
  const budgets = new Map<string, TokenBucket>();
  const leftOut = new Map<string, number>();
  const recentLines: LogLine[] = [];

  function log(event: string, detail: string): void {
    const budget = budgets.get(event) ?? newBudget();
    budgets.set(event, budget);
    if (budget.take(performance.now())) print(event, detail);
    else leaveOut(event);
  }

  function leaveOut(event: string): void {
    const others = leftOut.get(event) ?? 0;
    leftOut.set(event, others + 1);
    if (others === 0) setTimeout(tellLeftOut, LIMITS.leftOutIntervalMs, event).unref();
  }

  function tellLeftOut(event: string): void {
    print(event, `${leftOut.get(event)} more of these`);
    leftOut.delete(event);
  }

  function print(event: string, detail: string): void {
    const line = { at: Date.now(), event, detail: printable(detail) };
    // There may be one each second, and soon nothing else.
    if (event === 'accepted' && recentLines[0]?.event === event) recentLines.shift();
    recentLines.unshift(line);
    recentLines.length = Math.min(recentLines.length, LIMITS.shownLines);
    const asObject = { time: new Date(line.at), port, event, detail: line.detail };
    const asText = `[${port}] ${event}: ${line.detail}`;
    console.log(format === 'json' ? JSON.stringify(asObject) : asText);
  }

  return { log, recentLines };
}

/**
 * Returns a function to call for each occurrence of something frequent, or for some of them at once.
 * `report` hears of the first one at once, then of a second's worth at a time, so that a flood of
 * transactions is a line a second.
 *
 * @param report gets how many occurred since the last report, and the latest of them
 */
export function createTally<T>(
  report: (count: number, latest: T) => void,
): (item: T, times?: number) => void {
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  let latest: T;

  function tick(): void {
    timer = undefined;
    if (count === 0) return;
    report(count, latest);
    count = 0;
    timer = setTimeout(tick, 1000).unref();
  }

  return (item, times = 1) => {
    count += times;
    latest = item;
    if (timer === undefined) tick();
  };
}

/** `1 peer`, `2 peers`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** A text by somebody else, in one line that does nothing to a terminal. */
export function printable(text: string): string {
  const line = text.replace(UNPRINTABLE, '?');
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}

function newBudget(): TokenBucket {
  return new TokenBucket(LIMITS.linesAtOnce, performance.now(), LIMITS.linesPerSecond);
}
