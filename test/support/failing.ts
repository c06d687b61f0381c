/** What is said by a function or a script that ends the process, which is not to end for it. */

import { pathToFileURL } from 'node:url';
import type { Result } from './program.js';

/** Thrown in place of the end of the process. */
class Ended extends Error {}

/**
 * Calls a function that ends the process with one line, and returns the line.
 *
 * @throws Error if it does not end the process, with exit code 1
 */
export async function failureOf(act: () => unknown): Promise<string> {
  const { code, stderr } = await outcomeOf(act);
  if (code !== 1) throw new Error(`it does not end the process; exit code ${code}`);
  return stderr.trimEnd();
}

/**
 * Runs a script in this process, which only says something and ends: for help, and for mistakes that
 * it finds before it does anything else, because to start Node.js for each of them takes most of the
 * time.
 *
 * @throws Error if it does not end the process
 */
export async function outcomeOfScript(file: string, args: readonly string[]): Promise<Result> {
  const { argv } = process;
  process.argv = [argv[0] as string, file, ...args];
  runs += 1;
  const url = `${pathToFileURL(file)}?${runs}`;
  try {
    const outcome = await outcomeOf(() => import(url));
    if (outcome.code === null) throw new Error('it does not end the process');
    return outcome;
  } finally {
    process.argv = argv;
  }
}

/** A module runs again under another URL. */
let runs = 0;

/**
 * Calls a function that may end the process; `code` is null if it does not. Calls must not overlap,
 * because they replace what belongs to the whole process.
 */
export async function outcomeOf(act: () => unknown): Promise<Result> {
  const { exit } = process;
  const { log, error } = console;
  // Of files that a real process leaves to the operating system, Node.js warns here at some time.
  const onWarning = process.listeners('warning');
  process.removeAllListeners('warning');
  let [stdout, stderr] = ['', ''];
  let code: number | null = null;
  // What a real process would no longer do must not count: here it may catch its own end.
  console.log = (line: string) => {
    if (code === null) stdout += `${line}\n`;
  };
  console.error = (line: string) => {
    if (code === null) stderr += `${line}\n`;
  };
  process.exit = (status) => {
    code ??= Number(status ?? 0);
    throw new Ended();
  };
  try {
    await act();
  } catch (thrown) {
    if (!(thrown instanceof Ended)) throw thrown;
  } finally {
    process.exit = exit;
    Object.assign(console, { log, error });
    for (const each of onWarning) process.on('warning', each);
  }
  return { code, stdout, stderr };
}
