/** Arguments and help of the commands. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { fail } from '../log.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

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

/** Reads --count; ends the process with one line if it is not a whole number of 1 or more. */
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
    // The sentences after the first are about rare cases.
    const reason = (error as Error).message.split(/\.\s/)[0];
    return fail(`${reason}; --help lists what there is`);
  }
}
