/**
 * Everything that a node prints: one line per event, `[4001] event: what and why`, with the time
 * before it where no terminal shows it, or the same as JSON for a program; and the one line that ends
 * the process.
 */

import { LIMITS } from './limits.js';
import { isPrinted, type LogSettings } from './log-settings.js';
import { TokenBucket } from './token-bucket.js';

/** Prints one line: the event in a word or two, and its details. */
export type Log = (event: string, detail: string) => void;
/** A log that can tell what it has printed. */
export interface NodeLog extends Log {
  /** The latest lines, the newest first. */
  readonly recentLines: readonly LogLine[];
}

/** A line as it was printed. */
export interface LogLine {
  /** In ms since 1970. */
  readonly at: number;
  readonly event: string;
  readonly detail: string;
}

/** What Node.js has behind a stream. */
interface Handle {
  setBlocking?(isBlocking: boolean): void;
}

const LINE_CHARACTERS = 300;
/** The events of dials, which are many where nobody listens. */
const DIALS = new Set(['dialling', 'unreachable']);
// Control characters and text-direction marks: a peer must not repaint somebody's terminal.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Creates the log of the node on `port`. Nobody can fill the terminal: each event may print a few
 * lines at once, then one a second; from time to time a line says how many were left out.
 *
 * @param settings also decide which lines are printed; those that are not are remembered like others
 */
export function createLog(port: number, { format, level }: LogSettings): NodeLog {
  goOnWithout(process.stdout);
  const budgets = new Map<string, TokenBucket>();
  const leftOut = new Map<string, number>();
  let recentLines: LogLine[] = [];

  function log(event: string, detail: string): void {
    const budget = budgets.get(event) ?? newBudget();
    budgets.set(event, budget);
    if (!isUnread() && budget.take(performance.now())) print(event, detail);
    else leaveOut(event);
  }

  function leaveOut(event: string): void {
    const others = leftOut.get(event) ?? 0;
    leftOut.set(event, others + 1);
    if (others === 0) setTimeout(tellLeftOut, LIMITS.leftOutIntervalMs, event).unref();
  }

  function tellLeftOut(event: string): void {
    if (isUnread()) {
      setTimeout(tellLeftOut, LIMITS.leftOutIntervalMs, event).unref();
      return;
    }
    print(event, `${leftOut.get(event)} more of these`);
    leftOut.delete(event);
  }

  function print(event: string, detail: string): void {
    const line = { at: Date.now(), event, detail: printable(detail) };
    // Under load this line comes each second, and would push out all others.
    if (event === 'accepted' && recentLines[0]?.event === event) recentLines.shift();
    recentLines = latestOf([line, ...recentLines]);
    if (!isPrinted(event, level)) return;
    const time = new Date(line.at);
    const asObject = { time, port, event, detail: line.detail };
    const asText = `[${port}] ${event}: ${line.detail}`;
    if (format === 'json') console.log(JSON.stringify(asObject));
    else console.log(process.stdout.isTTY ? asText : `${time.toISOString()} ${asText}`);
  }

  return Object.defineProperty(log as NodeLog, 'recentLines', { get: () => recentLines });
}

/** Those that are kept of some lines: many dials must not push out all else. */
function latestOf(lines: readonly LogLine[]): LogLine[] {
  const left = { dials: LIMITS.shownLines, others: LIMITS.shownLines };
  return lines.filter(({ event }) => {
    const kind = DIALS.has(event) ? 'dials' : 'others';
    left[kind] -= 1;
    return left[kind] >= 0;
  });
}

/**
 * Lets a node go on when nobody reads its lines: neither a reader that goes away (`node index.js |
 * head`) nor a terminal that is stopped (Ctrl-S) may stop it too. Node.js makes terminals block.
 */
function goOnWithout(stdout: NodeJS.WriteStream & { _handle?: Handle }): void {
  stdout.on('error', () => {});
  stdout._handle?.setBlocking?.(false);
}

/** Whether lines wait to be read: then no more of them are kept. */
function isUnread(): boolean {
  return process.stdout.writableLength > LIMITS.unprintedBytes;
}

/**
 * Ends the process for a mistake of the person who started it: one clear line that names
 * the remedy, exit code 1, no stack trace. Never used for what a peer does wrong.
 */
export function fail(line: string): never {
  console.error(line);
  process.exit(1);
}

/** `1 peer`, `2 peers`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** The reason of a failure, in one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ');
}

/** Whether all of a text can be seen. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0;
}

/** Makes foreign text one line that has no effect on a terminal. */
export function printable(text: string): string {
  const line = text.replace(UNPRINTABLE, '?');
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}

function newBudget(): TokenBucket {
  return new TokenBucket(LIMITS.linesAtOnce, performance.now(), LIMITS.linesPerSecond);
}
