/** What a person sees in the terminal: one line an event, `[4001] event: what and why`. */

export type Log = (event: string, detail: string) => void;

const LINE_CHARACTERS = 300;
// Control characters and text-direction marks: a peer must not repaint somebody's terminal.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Returns the log of the node on `port`. */
export function createLog(port: number): Log {
  // A reader that goes away (`node index.js | head`) must not end the node.
  process.stdout.on('error', () => {});
  return (event, detail) => console.log(`[${port}] ${event}: ${printable(detail)}`);
}

/**
 * Returns a function to call once per occurrence of something frequent. `report` hears of
 * the first one at once, then of a second's worth at a time, so that a flood of
 * transactions is a line a second.
 *
 * @param report gets how many occurred since the last report, and the latest of them
 */
export function createTally<T>(report: (count: number, latest: T) => void): (item: T) => void {
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

  return (item) => {
    count += 1;
    latest = item;
    if (timer === undefined) tick();
  };
}

/** `1 peer`, `2 peers`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function printable(text: string): string {
  const line = text.replace(UNPRINTABLE, '?');
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}
