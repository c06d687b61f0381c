/** What the scripts at the top level share: arguments, help, and mistakes told in one line. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/**
 * Ends the process for a mistake of the person at the terminal: one line, exit code 1. As in
 * node-1/fail.ts, which the scripts cannot use where the mistake is that there is no node-1.
 */
export function fail(line: string): never {
  console.error(line);
  process.exit(1);
}

/**
 * Reads the command line. `--help` prints `usage` and ends the process; an argument that is
 * not among the options ends it with one line.
 *
 * @param options as for parseArgs of node:util; `help` is added
 * @returns the values of the options that were given, or have a default
 */
export function readArguments<T extends Options>(usage: string, options: T): Values<T> {
  const values = parseOrFail({ ...options, help: { type: 'boolean', short: 'h' } });
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  return values as Values<T>;
}

/** Reads --count; ends the process with one line if it is no number of things. */
export function readCount(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    fail(`--count ${text} is not a whole number of 1 or more`);
  }
  return number;
}

function parseOrFail(options: Options): Record<string, unknown> {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    // What follows the first sentence is about rare cases.
    const reason = (error as Error).message.split(/\.\s/)[0];
    return fail(`${reason}; --help lists what there is`);
  }
}
