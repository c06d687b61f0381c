/** What a function says that would end the process for the mistake of a person. */

import { pathToFileURL } from 'node:url';
import type { Result } from './program.js';

/** Thrown in place of the end of the process. */
class Ended extends Error {}

/**
 * Calls a function that ends the process with one line, and returns the line. Calls must not
 * overlap, because they replace what belongs to the whole process.
 *
 * @throws Error if it does not end the process, with exit code 1
 */
export async function failureOf(act: () => unknown): Promise<string> {
  const { exit } = process;
  const { error } = console;
  // Of files that a real process leaves to the operating system, Node.js warns here at some time.
  const onWarning = process.listeners('warning');
  process.removeAllListeners('warning');
  const lines: string[] = [];
  let exitCode: unknown;
  // What a real process would no longer do must not count: here it may catch its own end.
  console.error = (line: string) => {
    if (exitCode === undefined) lines.push(line);
  };
  process.exit = (code) => {
    exitCode ??= code;
    throw new Ended();
  };
  try {
    await act();
  } catch (thrown) {
    if (!(thrown instanceof Ended)) throw thrown;
  } finally {
    process.exit = exit;
    console.error = error;
    for (const each of onWarning) process.on('warning', each);
  }
  if (exitCode !== 1) throw new Error(`it does not end the process; exit code ${exitCode}`);
  return lines.join('\n');
}

/**
 * Runs a script in this process, which ends with one line and exit code 1: for mistakes that it finds
 * before it does anything else, because to start Node.js for each of them takes most of the time.
 */
export async function failureOfScript(file: string, args: readonly string[]): Promise<Result> {
  const { argv } = process;
  process.argv = [argv[0] as string, file, ...args];
  runs += 1;
  const url = `${pathToFileURL(file)}?${runs}`;
  try {
    return { code: 1, stdout: '', stderr: await failureOf(() => import(url)) };
  } finally {
    process.argv = argv;
  }
}

/** A module runs again under another URL. */
let runs = 0;
