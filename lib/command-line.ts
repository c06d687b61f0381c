/** Arguments and help of the commands. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { fail } from './log.js';
import './runtime.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Read = { values: Record<string, unknown>; positionals: string[] };
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/**
 * Reads the command line. `--help` prints `usage` and ends the process; an argument that is
 * not among the options, or given twice, ends it with one line.
 *
 * @param options as for parseArgs of node:util; `help` is added
 * @returns the values of the options that were given, or have a default
 */
export function readArguments<T extends Options>(usage: string, options: T): Values<T> {
  return read(usage, options, false).values as Values<T>;
}

/** The same for a command that takes any number of words, and no options. */
export function readWords(usage: string): string[] {
  return read(usage, {}, true).positionals;
}

function read(usage: string, options: Options, allowPositionals: boolean): Read {
  goOnUnread();
  const help = { type: 'boolean', short: 'h' } as const;
  const found = parseOrFail({ ...options, help }, allowPositionals);
  if (found.values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  return found;
}

/** Reads a number of things; ends the process with one line if it is not a whole one of 1 or more. */
export function readCount(flag: string, text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    fail(`--${flag} ${text} is not a whole number of 1 or more`);
  }
  return number;
}

/** What a command does is done whether or not anybody reads what it says (`| head -1`). */
function goOnUnread(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  }
}

function parseOrFail(options: Options, allowPositionals: boolean): Read {
  const args = withNumbersJoined(process.argv.slice(2), options);
  try {
    const found = parseArgs({ args, options, tokens: true, allowPositionals });
    const { values, positionals, tokens } = found;
    const names = tokens.flatMap((token) => (token.kind === 'option' ? token.name : []));
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) fail(`Option '--${twice}' is given twice`);
    return { values, positionals };
  } catch (error) {
    // The sentences after the first are about rare cases.
    const reason = (error as Error).message.split(/\.\s/)[0];
    return fail(`${reason}; --help lists what there is`);
  }
}

/** `--amount -5` means a number below 0, which parseArgs takes for another option. */
function withNumbersJoined(args: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? '';
    const isValue = /^-[\d.]/.test(arg) && options[before.replace(/^--/, '')]?.type === 'string';
    if (isValue) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}
