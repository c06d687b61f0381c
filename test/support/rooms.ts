/**
 * The short tests of a room run in one process, one file after the other: most of the time that a short
 * test takes is Node.js starting, for the test and for the process of the nodes that it hosts.
 */

import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TESTS = new URL('../', import.meta.url);
/** The rooms that take longest. */
const LONGEST = ['pool', 'observe', 'commands', 'guard', 'swarm', 'chain'];
/** Each file here is a process: what it does to this would be in the way of the others. */
const APART = ['.', 'storage'];

/** Runs each `*.test.js` in a folder, in the order of their names. */
export async function runTestsIn(folder: URL): Promise<void> {
  for (const file of testsIn(folder)) await import(new URL(file, folder).href);
}

/** What `npm test` runs, each in a process: the rooms, those that take longest first, and some files. */
export function shortTests(): string[] {
  const rooms = readdirSync(TESTS).filter((name) => existsSync(new URL(`${name}/room.js`, TESTS)));
  const inOrder = [...LONGEST, ...rooms.filter((name) => !LONGEST.includes(name))];
  const files = APART.flatMap((name) =>
    testsIn(new URL(`${name}/`, TESTS)).map((file) => `${name}/${file}`),
  );
  return [...inOrder.map((name) => `${name}/room.js`), ...files].map((path) =>
    fileURLToPath(new URL(path, TESTS)),
  );
}

function testsIn(folder: URL): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.js'))
    .sort();
}
