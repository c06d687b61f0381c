/**
 * Ends the process for a mistake of the person who started it: one clear line that names
 * the fix, exit code 1, no stack trace. Never used for what a peer does wrong.
 */
export function fail(line: string): never {
  console.error(line);
  process.exit(1);
}
