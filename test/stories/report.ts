/** What the judge tells people: a line as each story goes, reasons, and a table of several nodes. */

import { relative } from 'node:path';
import type { Verdict } from './judge.js';

/** What was found about one node. */
export interface Report {
  readonly folder: string;
  /** Why it could not be judged at all. */
  readonly error?: string;
  readonly verdicts: readonly Verdict[];
}

const MARKS = { pass: '✓', fail: '✗', 'not judged': '–' } as const;
const WIDTH = 96;
const INDENT = ' '.repeat(6);

/** What stands in front of the result while a story is judged. */
export function opening({ id, asks }: { id: string; asks: string }): string {
  return `  ${id.padStart(9)}  ${asks} `;
}

/** The result of a story, and the reason if it does not hold, with a line break at its end. */
export function closing(verdict: Verdict, toldLines: Set<string>): string {
  const { result, seconds, needs, did, saw } = verdict;
  if (result === 'not judged') return `not judged: it needs story ${needs?.join(', ')}\n`;
  if (result === 'pass') return `pass, ${seconds} s\n`;
  const reason = did === '' ? [`seen: ${saw}`] : [`done: ${did}`, `seen: ${saw}`];
  return [
    `FAIL, ${seconds} s`,
    ...reason.flatMap(wrap),
    ...lastLinesOf(verdict, toldLines),
    '',
  ].join('\n');
}

/** How many stories hold, in one line. */
export function summary(verdicts: readonly Verdict[]): string {
  const count = (result: Verdict['result']) =>
    verdicts.filter((verdict) => verdict.result === result).length;
  return `${count('pass')} passed, ${count('fail')} failed, ${count('not judged')} not judged`;
}

/** A row a node, a column a story. */
export function table(
  reports: readonly Report[],
  stories: readonly { readonly id: string }[],
  base: string,
): string {
  const names = reports.map(({ folder }) => relative(base, folder) || '.');
  const width = Math.max(...names.map(({ length }) => length));
  const heads = stories.map(({ id }) => id.replace('bonus ', 'b').replace('beyond ', '+'));
  const row = (name: string, cells: readonly string[], end: string) =>
    `${name.padEnd(width)}  ${cells.map((cell, i) => cell.padStart(heads[i]?.length ?? 1)).join(' ')}  ${end}`.trimEnd();
  return [
    row('', heads, ''),
    ...reports.map(({ error, verdicts }, i) => {
      if (error !== undefined) return `${names[i]?.padEnd(width)}  ${error}`;
      const marks = stories.map(({ id }) => {
        return MARKS[verdicts.find((verdict) => verdict.id === id)?.result ?? 'not judged'];
      });
      return row(names[i] as string, marks, summary(verdicts));
    }),
    `${MARKS.pass} pass  ${MARKS.fail} fail  ${MARKS['not judged']} not judged, because it needs another story`,
    '',
  ].join('\n');
}

/** What the node printed before it ended; the same lines only once. */
function lastLinesOf({ lastLines }: Verdict, toldLines: Set<string>): string[] {
  if (lastLines === undefined) return [];
  if (lastLines.length === 0) return [`${INDENT}It printed nothing.`];
  const text = lastLines.join('\n');
  if (toldLines.has(text)) return [`${INDENT}It printed the same last lines as before.`];
  toldLines.add(text);
  return [`${INDENT}Its last lines:`, ...lastLines.map((line) => `${INDENT}  | ${line}`)];
}

/** Breaks a long line between two words. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = INDENT;
  for (const word of text.split(' ')) {
    if (line.length + word.length >= WIDTH && line.trim() !== '') {
      lines.push(line);
      line = `${INDENT}      `;
    }
    line += line.endsWith(' ') ? word : ` ${word}`;
  }
  return [...lines, line];
}
