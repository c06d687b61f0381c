/** Runs the user stories against anybody's node: npm run conformance -- FOLDER [STORY ...] */

import { join, resolve } from 'node:path';
import fs from 'fs-extra';
import { fail } from '../../lib/log.js';
import { TEST_LIMIT_MS, within } from '../support/helpers.js';
import { Network } from '../support/network.js';
import { stories } from './stories.js';

const USAGE = `Usage: npm run conformance -- FOLDER [STORY ...]

Runs the user stories, or those with the given numbers, against the node in FOLDER, a node-1 with
its index.js, and prints a line for each. The node is tested in a temporary copy. Exit code 1 if
any story fails.`;

const [name, ...numbers] = process.argv.slice(2);
if (name === undefined || name === '--help') {
  console.log(USAGE);
  process.exit(name === '--help' ? 0 : 1);
}
// npm changes to the project's folder, and says where it was called from.
const folder = resolve(process.env.INIT_CWD ?? '.', name);
if (!(await fs.pathExists(join(folder, 'index.js')))) {
  fail(`There is no index.js in ${folder}: name the folder of a compiled node-1`);
}
for (const number of numbers) {
  if (stories[Number(number) - 1] === undefined) {
    fail(`There is no story ${number}: they are numbered from 1 to ${stories.length}`);
  }
}
const wanted = numbers.map(Number);
const chosen = [...stories.entries()].filter(
  ([index]) => wanted.length === 0 || wanted.includes(index + 1),
);

let network: Network | undefined;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await network?.close();
    process.exit(130);
  });
}

let failed = 0;
for (const [index, { title, check }] of chosen) {
  const story = `${String(index + 1).padStart(2)}. ${title}`;
  try {
    network = await Network.create(folder);
    await within(TEST_LIMIT_MS, check(network));
    console.log(`pass  ${story}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${story}\n      ${reason(error)}`);
  } finally {
    await network?.close();
  }
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The first line of an assertion says what was expected; the rest is a picture of it. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
