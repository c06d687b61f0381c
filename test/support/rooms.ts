/**
 * The short tests of a room run in one process, one file after the other: most of the time that a short
 * test takes is Node.js starting, for the test and for the process of the nodes that it hosts.
 */

import { readdirSync } from 'node:fs';

/** Runs each `*.test.js` in a folder, in the order of their names. */
export async function runTestsIn(folder: URL): Promise<void> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
  for (const file of files.sort()) await import(new URL(file, folder).href);
}
